/** How many columns a terminal gives the text: Chinese characters take two. */
export const width = (text: string): number =>
  [...text].reduce(
    (sum, character) =>
      sum +
      (/[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]/.test(character)
        ? 2
        : 1),
    0,
  );

export const pad = (text: string, columns: number): string => text + ' '.repeat(Math.max(0, columns - width(text)));

/** Lines of at most `columns` columns. Chinese text breaks anywhere but before a closing mark; numbers and Latin words stay whole. */
export function wrap(text: string, columns: number): string[] {
  const lines = [''];
  for (const piece of text.match(/(?:[\x21-\x7e]+|.)[，。、：；”》）]*/gsu) ?? []) {
    if (width(lines.at(-1)! + piece) > columns && lines.at(-1) !== '') lines.push('');
    lines[lines.length - 1] += piece;
  }
  return lines;
}

/** Rows under their headings, columns aligned. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const columns = headings.map((heading, i) => Math.max(...[heading, ...rows.map((row) => row[i] ?? '')].map(width)));
  const line = (cells: readonly string[]) => `  ${cells.map((cell, i) => pad(cell, columns[i]!)).join('  ')}`.trimEnd();
  return [line(headings), line(columns.map((n) => '-'.repeat(n))), ...rows.map(line)].join('\n');
}
