import { createServer } from 'node:net';
import { freePort } from '@lianban/testing/process';
import { PORTS, type PortName } from './services.js';

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/** `fixed`: the usual ports, each one that is taken replaced by the next free one, and said so; `free`: any. */
export async function choosePorts(
  how: 'fixed' | 'free',
  say: (line: string) => void,
): Promise<Record<PortName, number>> {
  const chosen: Partial<Record<PortName, number>> = {};
  const usual = new Set<number>(Object.values(PORTS));
  const given = new Set<number>();
  for (const [name, wanted] of Object.entries(PORTS) as [PortName, number][]) {
    let port: number = wanted;
    if (how === 'free') {
      do port = await freePort();
      while (given.has(port));
    } else if (!(await isFree(port))) {
      // Beyond the block, so that no other part loses its usual port to this one.
      do port++;
      while (usual.has(port) || given.has(port) || !(await isFree(port)));
      say(`port ${wanted} is taken: ${name} uses ${port}`);
    }
    given.add(port);
    chosen[name] = port;
  }
  return chosen as Record<PortName, number>;
}
