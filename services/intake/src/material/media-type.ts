/** Tells what a file is from its content; what the sender says about it does not count. */
import { open, type FileHandle } from 'node:fs/promises';
import { fileTypeFromFile } from 'file-type';

export const MEDIA_TYPES = ['application/pdf', 'application/ofd', 'image/png', 'image/jpeg'] as const;
export type MediaType = (typeof MEDIA_TYPES)[number];

export const extensionOf: Record<MediaType, string> = {
  'application/pdf': 'pdf',
  'application/ofd': 'ofd',
  'image/png': 'png',
  'image/jpeg': 'jpg',
};

/** The allowed type of the file, or null where it is none of them. */
export async function mediaTypeOf(path: string): Promise<MediaType | null> {
  const found = await fileTypeFromFile(path).catch(() => undefined);
  if (found?.mime === 'application/zip') return (await isOfd(path)) ? 'application/ofd' : null;
  return MEDIA_TYPES.find((type) => type === found?.mime) ?? null;
}

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const MAX_DIRECTORY_BYTES = 1024 * 1024;

/** OFD (版式文档, GB/T 33190-2016) is a ZIP archive with `OFD.xml` at its root; the archive's directory says so wherever the entry lies. */
async function isOfd(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const tail = await read(file, Math.max(0, size - 65_557), Math.min(size, 65_557));
    for (let at = tail.length - 22; at >= 0; at--) {
      if (tail.readUInt32LE(at) !== END_OF_DIRECTORY) continue;
      const length = Math.min(tail.readUInt32LE(at + 12), MAX_DIRECTORY_BYTES);
      const directory = await read(file, tail.readUInt32LE(at + 16), length);
      return namesIn(directory).includes('OFD.xml');
    }
    return false;
  } finally {
    await file.close();
  }
}

function namesIn(directory: Buffer): string[] {
  const names: string[] = [];
  for (let at = 0; at + 46 <= directory.length && directory.readUInt32LE(at) === DIRECTORY_ENTRY;) {
    const nameLength = directory.readUInt16LE(at + 28);
    names.push(directory.toString('utf8', at + 46, at + 46 + nameLength));
    at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return names;
}

async function read(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}
