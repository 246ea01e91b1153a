/** Where the bytes of materials lie: a folder or an S3-compatible store; both are addressed by SHA-256 of the content. */
import type { Readable } from 'node:stream';
import { FolderStore } from './folder-store.js';
import { S3Store } from './s3-store.js';

/** A file that was received in full, lies in the staging folder and is durable there. `sha256` is hex, `size` in bytes. */
export interface StagedContent {
  path: string;
  sha256: string;
  size: number;
  mediaType: string;
}

export interface ContentStore {
  /** Folder on this machine where uploads are received. */
  readonly stagingFolder: string;
  /** Takes over a staged file: afterwards it is durable in the store and gone from the staging folder. @idempotent by content */
  put(content: StagedContent): Promise<void>;
  /** The bytes. Throws `ContentMissing` where the store does not have them. */
  open(sha256: string): Promise<Readable>;
  /** What keeps the store from working; [] = nothing. */
  faults(): Promise<string[]>;
  close(): void;
}

/** `MATERIALS_URL`: `file:///folder`, or `s3://bucket/prefix?endpoint=http://host:port&region=…` (credentials from the standard AWS settings). Throws one sentence on anything else. */
export function createContentStore(url: string): ContentStore {
  const parsed = URL.parse(url);
  if (parsed?.protocol === 'file:') return new FolderStore(parsed);
  if (parsed?.protocol === 's3:' && parsed.host) return new S3Store(parsed);
  throw new Error('setting MATERIALS_URL must be file:///folder or s3://bucket?endpoint=…&region=…');
}
