import type { Tx } from '@lianban/eventing/database';
import type { OutsideMessage } from '@lianban/eventing/envelope';

const position = (partition: number, offset: string, appendedAt: Date): string =>
  `${partition}:${offset}:${appendedAt.getTime()}`;

/**
 * Those messages that no transaction has answered yet; from now on they count as answered. The time of arrival belongs to the position:
 * a topic that was made anew counts its offsets from 0 again.
 */
export async function claimMessages(tx: Tx, messages: readonly OutsideMessage[]): Promise<OutsideMessage[]> {
  const rows = await tx.query<{ partition: number; offset: string; appendedAt: Date }>({
    name: 'messages-claim',
    text: `insert into answered_message (partition, "offset", appended_at)
      select * from unnest($1::int[], $2::text[], $3::timestamptz[]) as new (partition, "offset", appended_at) order by partition, length("offset"), "offset"
      on conflict do nothing returning partition, "offset", appended_at as "appendedAt"`,
    values: [
      messages.map(({ partition }) => partition),
      messages.map(({ offset }) => offset),
      messages.map(({ appendedAt }) => appendedAt),
    ],
  });
  const claimed = new Set(rows.map((row) => position(row.partition, row.offset, row.appendedAt)));
  return messages.filter((message) => claimed.has(position(message.partition, message.offset, message.appendedAt)));
}
