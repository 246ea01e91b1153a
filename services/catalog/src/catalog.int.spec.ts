import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '@lianban/testing/eventually';
import { type Stand, startStand } from '../test/stand.js';

let stand: Stand;
beforeEach(async () => {
  stand = await startStand();
}, 120_000);
afterEach(() => stand.stop());

const clerk = { subject: 'c', locality: '430600', roles: ['window-clerk'] };
const ready = () => eventually(async () => (await stand.get(null, '/health/ready')).status === 200);
/** Keys on the three topics once everything that is committed has been sent. */
async function keysPublished(expected: number): Promise<string[]> {
  return eventually(async () => {
    const unsent = await stand.query('select 1 from outbox_lane where next_seq > published_seq + 1');
    const topics = ['catalog.procedure.v1', 'catalog.body.v1', 'catalog.item.v1'];
    const records = (await Promise.all(topics.map((topic) => stand.published(topic)))).flat();
    return unsent.length === 0 && records.length >= expected && records.map(({ key }) => key!).sort();
  });
}
const ALL = 4 + 23 + 4;

describe('the import', () => {
  it('publishes every entry once, whoever starts how often', async () => {
    await Promise.all([stand.start(), stand.start()]);
    await ready();
    const keys = await keysPublished(ALL);
    expect(keys).toHaveLength(ALL);
    expect(new Set(keys).size).toBe(ALL);
    expect(keys).toEqual(expect.arrayContaining(['430600-tax', 'company-move', 'company-move@2026.1']));
    await stand.start();
    await ready();
    expect(await keysPublished(ALL)).toHaveLength(ALL);
  });

  it('publishes an entry again when it has changed, and only that one', async () => {
    await (await stand.start()).stop();
    await stand.edit<{ id: string; name: object }[]>('bodies.json', (bodies) =>
      bodies.map((body) =>
        body.id === '430600-tax' ? { ...body, name: { zh: '岳阳市税务局', en: 'Yueyang tax bureau' } } : body,
      ),
    );
    await stand.start();
    await ready();
    const keys = await keysPublished(ALL + 1);
    expect(keys.filter((key) => key === '430600-tax')).toHaveLength(2);
    expect(keys).toHaveLength(ALL + 1);
    const { body } = await stand.get(clerk, '/bodies?locality=430600&function=tax');
    expect(body.items[0]?.name.zh).toBe('岳阳市税务局');
  });

  it('refuses other content under a published version, as a whole, and goes on with what it has', async () => {
    await (await stand.start()).stop();
    await stand.edit<{ name: object }>('procedures/pension-transfer.json', (procedure) => ({
      ...procedure,
      name: { zh: '另一个', en: 'Another' },
    }));
    await stand.edit<{ id: string; name: object }[]>('items.json', (items) =>
      items.map((item) => ({ ...item, name: { zh: '新名', en: 'New name' } })),
    );
    await stand.start();
    const answer = await eventually(async () => {
      const { body } = await stand.get(null, '/health/ready');
      return body.missing.some((text) => text.startsWith('catalog data: refused')) && body;
    });
    expect(answer.missing).toEqual(['catalog data: refused with 1 fault(s), see the log']);
    const procedure = await stand.get(clerk, '/procedures/pension-transfer/2026.1');
    expect(procedure.body.name.en).not.toBe('Another');
    expect((await stand.get(clerk, '/items/pension-transfer')).body.name.en).not.toBe('New name');
    expect(await keysPublished(ALL)).toHaveLength(ALL);
  });

  it('takes a new version beside the old one, with a key of its own', async () => {
    await (await stand.start()).stop();
    await stand.edit<object>('procedures/pension-transfer.json', (procedure) => ({ ...procedure, version: '2026.2' }));
    await stand.edit<{ id: string; procedure: object }[]>('items.json', (items) =>
      items.map((item) =>
        item.id === 'pension-transfer' ? { ...item, procedure: { id: item.id, version: '2026.2' } } : item,
      ),
    );
    await stand.start();
    await ready();
    for (const version of ['2026.1', '2026.2'])
      expect(await stand.get(clerk, `/procedures/pension-transfer/${version}`)).toMatchObject({
        status: 200,
        body: { version },
      });
    expect((await stand.get(clerk, '/items/pension-transfer')).body.procedure.version).toBe('2026.2');
    expect(await keysPublished(ALL + 2)).toContain('pension-transfer@2026.2');
  });

  it('names files that are missing or no JSON and takes nothing', async () => {
    await rm(join(stand.folder, 'bodies.json'));
    await writeFile(join(stand.folder, 'items.json'), '[{');
    await stand.start();
    await eventually(async () => {
      const { body } = await stand.get(null, '/health/ready');
      return body.missing.includes('catalog data: refused with 2 fault(s), see the log');
    });
    expect(await stand.query('select from locality')).toEqual([]);
  });
});

describe('reading', () => {
  beforeEach(async () => {
    await stand.start();
    await ready();
  });

  it('pages, filters and searches in both languages', async () => {
    const page = await stand.get(clerk, '/bodies?limit=2&offset=1');
    expect(page.body).toMatchObject({ total: 23, limit: 2, offset: 1 });
    expect(page.body.items.map(({ id }) => id)).toEqual(['131000-market-registration', '131000-social-insurance']);
    const ids = async (path: string) =>
      (await stand.get(clerk, path)).body.items.map((entry) => entry.id ?? entry.code);
    expect(await ids('/bodies?function=housing-fund&locality=411200')).toEqual([]);
    expect(await ids('/bodies?function=tax&locality=411200')).toEqual(['411200-tax']);
    expect(await ids(`/localities?q=${encodeURIComponent('岳阳')}`)).toEqual(['430600']);
    expect(await ids('/localities?q=hefei')).toEqual(['340100']);
    expect(await ids('/localities?q=%25')).toEqual([]);
    expect(await ids('/items?q=pension')).toEqual(['pension-transfer']);
    expect((await stand.get(clerk, '/items')).body.total).toBe(4);
  });

  it('answers unknown things and wrong filters with codes', async () => {
    expect(await stand.get(clerk, '/items/no-such')).toMatchObject({ status: 404, body: { code: 'item.not-found' } });
    expect(await stand.get(clerk, '/procedures/pension-transfer/1.0')).toMatchObject({
      status: 404,
      body: { code: 'procedure.not-found' },
    });
    expect(await stand.get(clerk, '/bodies?locality=43')).toMatchObject({
      status: 422,
      body: { code: 'request.invalid' },
    });
    expect(await stand.get(clerk, '/items?colour=red')).toMatchObject({ status: 422 });
    expect(await stand.get(clerk, '/items/a%00b')).toMatchObject({ status: 422 });
  });
});
