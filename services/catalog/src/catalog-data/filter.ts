/** Collects the conditions of a list: each with its value as the next placeholder. */
export class Filter {
  readonly values: unknown[] = [];
  private readonly conditions: string[] = [];

  /** Adds the condition where a value is given. */
  by(value: unknown, condition: (placeholder: string) => string): this {
    if (value !== undefined) this.conditions.push(condition(`$${this.values.push(value)}`));
    return this;
  }

  get where(): string {
    return this.conditions.length > 0 ? `where ${this.conditions.join(' and ')}` : '';
  }
}

/** A text occurs in the id or in one of the names, in any case. `names` is the SQL of the bilingual name. */
export const mentions =
  (id: string, names: string) =>
  (placeholder: string): string =>
    `strpos(lower(${id} || ' ' || (${names}->>'zh') || ' ' || (${names}->>'en')), lower(${placeholder}::text)) > 0`;
