/** Lists that are filtered and paged: what was asked for goes into the statement as values only. */
import type { Database } from '@lianban/eventing/database';
import { type Page, page, type PageQuery } from './paging.js';

/** Collects the conditions of a list; all of them must hold. */
export class Filter {
  readonly values: unknown[] = [];
  private readonly conditions: string[] = [];

  /** Adds the condition where there is a value, neither `null` nor `undefined`. */
  by(value: unknown, condition: (placeholder: string) => string): this {
    return value === undefined || value === null ? this : this.and(condition(this.bind(value)));
  }

  and(condition: string): this {
    this.conditions.push(condition);
    return this;
  }

  /** The placeholder that stands for the value. */
  bind(value: unknown): string {
    return `$${this.values.push(value)}`;
  }

  get where(): string {
    return this.conditions.length > 0 ? `where ${this.conditions.join(' and ')}` : '';
  }
}

/** One page of the rows the filter leaves. `order` must leave no two rows equal, or a row could be on two pages. */
export async function selectPage<Row extends object>(
  database: Pick<Database, 'query'>,
  { columns, from, order }: { columns: string; from: string; order: string },
  { where, values }: Filter,
  query: PageQuery,
): Promise<Page<Row>> {
  const [counted] = await database.query<{ total: number }>({
    text: `select count(*)::int as total from ${from} ${where}`,
    values,
  });
  const rows = await database.query<Row>({
    text: `select ${columns} from ${from} ${where} order by ${order} limit $${values.length + 1} offset $${values.length + 2}`,
    values: [...values, query.limit, query.offset],
  });
  return page(rows, counted!.total, query);
}

/** The same page with its items shown another way. */
export const mapPage = <T, View>({ items, ...rest }: Page<T>, show: (item: T) => View): Page<View> => ({
  items: items.map(show),
  ...rest,
});
