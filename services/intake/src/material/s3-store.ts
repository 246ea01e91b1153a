import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { GetObjectCommand, HeadBucketCommand, NoSuchKey, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { ContentMissing } from './content-missing.js';
import type { ContentStore, StagedContent } from './content-store.js';

/** An S3-compatible store: key = prefix + SHA-256. Files of more than 5 MiB go up in parts. */
export class S3Store implements ContentStore {
  readonly stagingFolder = join(tmpdir(), 'lianban-intake-incoming');
  private readonly bucket: string;
  private readonly prefix: string;
  private readonly client: S3Client;

  constructor(url: URL) {
    this.bucket = url.host;
    this.prefix = url.pathname.replace(/^\/+|\/+$/g, '');
    const endpoint = url.searchParams.get('endpoint');
    this.client = new S3Client({
      region: url.searchParams.get('region') ?? 'us-east-1',
      // Stores other than Amazon's are addressed by path and know no trailing checksums.
      ...(endpoint ? { endpoint, forcePathStyle: true } : {}),
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
  }

  async put({ path, sha256, mediaType }: StagedContent): Promise<void> {
    const upload = new Upload({
      client: this.client,
      params: {
        Bucket: this.bucket,
        Key: this.keyOf(sha256),
        Body: createReadStream(path),
        ContentType: mediaType,
      },
      leavePartsOnError: false,
    });
    await upload.done();
    await rm(path);
  }

  async open(sha256: string): Promise<Readable> {
    try {
      const { Body } = await this.client.send(new GetObjectCommand({ Bucket: this.bucket, Key: this.keyOf(sha256) }));
      return Body as Readable;
    } catch (error) {
      if (error instanceof NoSuchKey) throw new ContentMissing(sha256);
      throw error;
    }
  }

  async faults(): Promise<string[]> {
    try {
      await this.client.send(new HeadBucketCommand({ Bucket: this.bucket }), {
        abortSignal: AbortSignal.timeout(5_000),
      });
      return [];
    } catch (error) {
      return [`the material store does not answer: ${(error as Error).name}`];
    }
  }

  close(): void {
    this.client.destroy();
  }

  private keyOf(sha256: string): string {
    return this.prefix === '' ? sha256 : `${this.prefix}/${sha256}`;
  }
}
