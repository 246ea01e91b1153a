import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@lianban/testing/eventually';
import { files } from '../../test/fixtures.js';
import { clerk, MATERIAL_MAX_BYTES, type Stand, startStand } from '../../test/stand.js';

let stand: Stand;
beforeAll(async () => (stand = await startStand()));
afterAll(() => stand.stop());

const pdfOf = (size: number) => Buffer.concat([files.pdf, Buffer.alloc(size - files.pdf.length, ' ')]);

describe('POST /materials', () => {
  it.each([
    ['pdf', 'application/pdf'],
    ['ofd', 'application/ofd'],
    ['png', 'image/png'],
    ['jpeg', 'image/jpeg'],
  ] as const)('takes a %s, whatever the sender calls it', async (name, mediaType) => {
    const { status, body } = await stand.upload(clerk(), files[name], { type: 'text/html', name: 'x.exe' });
    expect(status).toBe(201);
    expect(body).toEqual({
      materialId: expect.any(String),
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      mediaType,
      size: files[name].length,
    });
  });

  it('takes a file of exactly the largest size, and gives it back byte by byte', async () => {
    const bytes = pdfOf(MATERIAL_MAX_BYTES);
    const { status, body } = await stand.upload(clerk(), bytes, { name: '养老 “转移”\r\n.pdf' });
    expect(status).toBe(201);
    const response = await stand.send(clerk(), 'GET', `/materials/${body.materialId}/content`);
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/pdf',
      'content-length': String(MATERIAL_MAX_BYTES),
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
    });
    expect(response.headers.get('content-disposition')).toMatch(
      new RegExp(`^attachment; filename="${body.materialId}\\.pdf"; filename\\*=UTF-8''%E5%85%BB`),
    );
    const { body: material } = await stand.http(clerk(), 'GET', `/materials/${body.materialId}`);
    expect(material).toMatchObject({ id: body.materialId, locality: '430600', mediaType: 'application/pdf' });
    expect(material.fileName).toContain('养老');
  });

  it('takes many files at the same time, each whole, though they come faster than the disk takes them', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => stand.upload(clerk(), pdfOf(MATERIAL_MAX_BYTES - i))),
    );
    expect(answers.map(({ status, body }) => [status, 'size' in body && body.size])).toEqual(
      answers.map((_, i) => [201, MATERIAL_MAX_BYTES - i]),
    );
  });

  it('has the same content once, under a new id each time', async () => {
    const bytes = pdfOf(1234);
    const first = await stand.upload(clerk(), bytes);
    const stored = await stand.stored();
    const second = await stand.upload(clerk(), bytes);
    expect(second.body.materialId).not.toBe(first.body.materialId);
    expect(await stand.stored()).toBe(stored);
  });
});

describe('POST /materials leaves nothing behind and answers with a code when', () => {
  let before: { rows: number; files: number };
  const state = async () => ({ rows: await stand.count('material'), files: await stand.stored() });
  beforeEach(async () => (before = await state()));

  it.each<[string, Buffer, object, number, string]>([
    ['the file is too large by one byte', pdfOf(MATERIAL_MAX_BYTES + 1), {}, 413, 'material.too-large'],
    ['the file is far too large', pdfOf(5_000_000), {}, 413, 'material.too-large'],
    ['the file is empty', Buffer.alloc(0), {}, 422, 'material.empty'],
    ['the file is a page that says it is a PDF', files.html, {}, 415, 'material.type-not-allowed'],
    ['the file is a program', files.exe, {}, 415, 'material.type-not-allowed'],
    ['the file is an archive', files.zip, {}, 415, 'material.type-not-allowed'],
    ['the part has another name', files.pdf, { field: 'document' }, 422, 'material.file-missing'],
  ])('%s', async (_, bytes, options, status, code) => {
    expect(await stand.upload(clerk(), bytes, options)).toMatchObject({ status, body: { code } });
    expect(await state()).toEqual(before);
  });

  it('the size is not announced and is too large', async () => {
    const boundary = 'xxxx';
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent === 0)
          controller.enqueue(
            Buffer.from(
              `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-1.7\n`,
            ),
          );
        controller.enqueue(Buffer.alloc(50_000, 'x'));
        if ((sent += 50_000) > 2_000_000) {
          controller.enqueue(Buffer.from(`\r\n--${boundary}--\r\n`));
          controller.close();
        }
      },
    });
    const token = await stand.token(clerk());
    const response = await fetch(`${stand.services[0]!.url}/materials`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': `multipart/form-data; boundary=${boundary}` },
      body: endless,
      duplex: 'half',
    });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ code: 'material.too-large' });
    expect(await state()).toEqual(before);
  });

  it.each<[string, (form: FormData) => void, number, string]>([
    ['there is a field besides', (form) => form.append('locality', '371300'), 422, 'material.file-missing'],
    [
      'there is a second file',
      (form) => form.append('file', new Blob(['%PDF-1.7']), 'b.pdf'),
      422,
      'material.file-missing',
    ],
    ['there is no file', (form) => form.delete('file'), 422, 'material.file-missing'],
  ])('%s', async (_, change, status, code) => {
    const form = new FormData();
    form.append('file', new Blob([new Uint8Array(files.pdf)]), 'a.pdf');
    change(form);
    const response = await stand.send(clerk(), 'POST', '/materials', { body: form });
    expect({ status: response.status, body: await response.json() }).toMatchObject({ status, body: { code } });
    expect(await state()).toEqual(before);
  });

  it.each<[string, string, string, number, string]>([
    ['it is no multipart content', 'application/json', '{}', 422, 'material.file-missing'],
    ['it is of an unknown type', 'application/pdf', '%PDF', 415, 'request.media-type'],
    ['it has no boundary', 'multipart/form-data', 'x', 400, 'material.upload-broken'],
    [
      'it ends in the middle',
      'multipart/form-data; boundary=x',
      '--x\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n%PDF',
      400,
      'material.upload-broken',
    ],
  ])('%s', async (_, type, body, status, code) => {
    const response = await stand.send(clerk(), 'POST', '/materials', { headers: { 'content-type': type }, body });
    expect({ status: response.status, body: await response.json() }).toMatchObject({ status, body: { code } });
    expect(await state()).toEqual(before);
  });

  it('the sender goes away in the middle', async () => {
    const { port } = new URL(stand.services[0]!.url);
    const token = await stand.token(clerk());
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(
      `POST /materials HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-type: multipart/form-data; boundary=x\r\ncontent-length: 100000\r\n\r\n` +
        `--x\r\ncontent-disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-1.7${'x'.repeat(20_000)}`,
    );
    await eventually(async () => (await stand.stored()) > before.files);
    socket.destroy();
    await eventually(async () => (await stand.stored()) === before.files);
    expect(await state()).toEqual(before);
  });
});

describe('GET /materials/:id/content', () => {
  it('fails with a code when the store has lost the content', async () => {
    const { body } = await stand.upload(clerk(), pdfOf(4321));
    await stand.query(`update material set sha256 = repeat('0', 64) where id = $1`, [body.materialId]);
    expect(await stand.http(clerk(), 'GET', `/materials/${body.materialId}/content`)).toMatchObject({
      status: 500,
      body: { code: 'service.failed' },
    });
  });
});
