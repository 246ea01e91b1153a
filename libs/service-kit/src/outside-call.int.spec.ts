import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { callOutside, inGroups } from './outside-call.js';

const answer = (body: string) =>
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
let server: Server | undefined;
const sockets = new Set<Socket>();
afterEach(async () => {
  sockets.forEach((socket) => socket.destroy());
  await new Promise((resolve) => server?.close(resolve));
});
async function provider(answerTo: (socket: Socket, n: number) => void): Promise<string> {
  let n = 0;
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).once('data', () => answerTo(socket, ++n));
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}
const call = (url: string, timeoutMs = 5_000) => callOutside({ method: 'POST', url, headers: {}, body: {}, timeoutMs });

describe('a call to a provider', () => {
  it('gives the status and the body', async () => {
    const url = await provider((socket) => socket.write(answer('{"a":1}')));
    expect(await call(url)).toMatchObject({ kind: 'answer', status: 200, body: { a: 1 } });
  });
  it('never takes the second answer of a confused provider for the answer to the next call', async () => {
    const url = await provider((socket, n) => socket.write(answer(`{"n":${n}}`) + answer(`{"n":${n}}`)));
    for (const n of [1, 2, 3]) expect(await call(url)).toMatchObject({ body: { n } });
  });
  it('gives up on a provider that never answers, or stops in the middle', async () => {
    const url = await provider((socket, n) => n === 2 && socket.write(answer('{"a":1}').slice(0, -2)));
    expect(await call(url, 100)).toMatchObject({ kind: 'no-answer', code: 'timeout' });
    expect(await call(url, 100)).toMatchObject({ kind: 'no-answer', code: 'timeout' });
  });
  it('calls a closed port or a cut connection unreachable', async () => {
    const url = await provider((socket) => socket.destroy());
    expect(await call(url)).toMatchObject({ kind: 'no-answer', code: 'unreachable' });
    expect(await call('http://127.0.0.1:1')).toMatchObject({ kind: 'no-answer', code: 'unreachable' });
  });
  it('has no body where the answer is no JSON', async () => {
    const url = await provider((socket) => socket.write(answer('<html>')));
    expect(await call(url)).toMatchObject({ kind: 'answer', body: undefined });
  });
});

describe('results in groups', () => {
  it('hands over what has arrived while one call is still stalled', async () => {
    let release: (value: number) => void = () => undefined;
    const stalled = new Promise<number>((resolve) => (release = resolve));
    const groups = inGroups([Promise.resolve(1), Promise.resolve(2), stalled], 5);
    expect((await groups.next()).value).toEqual([1, 2]);
    release(3);
    expect((await groups.next()).value).toEqual([3]);
    expect((await groups.next()).done).toBe(true);
  });
});
