import { expect, it } from '@jest/globals';
import { table, width, wrap } from './table.js';

it('aligns columns though Chinese characters take two', () => {
  expect(
    table(
      ['who', 'where'],
      [
        ['窗口', '岳阳市'],
        ['clerk', 'Linyi'],
      ],
    ).split('\n'),
  ).toEqual(['  who    where', '  -----  ------', '  窗口   岳阳市', '  clerk  Linyi']);
});

it('breaks text at the width of the terminal, keeping numbers whole and closing marks with what they close', () => {
  const lines = wrap('您的申请已由岳阳市收件，办件号LB-430600-20261125-000001。', 12);
  expect(lines).toEqual(['您的申请已由', '岳阳市收件，', '办件号', 'LB-430600-20261125-000001。']);
  expect(lines.slice(0, 3).every((line) => width(line) <= 12)).toBe(true);
});
