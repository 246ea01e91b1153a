import { rm } from 'node:fs/promises';
// Gives the request `isMultipart` and `parts`.
import type {} from '@fastify/multipart';
import { CodedError } from '@lianban/service-kit/errors';
import type { FastifyRequest } from 'fastify';
import type { StagedContent } from './content-store.js';
import { materialFileMissing, materialTooLarge, materialTypeNotAllowed, uploadBroken } from './material.errors.js';
import { type MediaType, mediaTypeOf } from './media-type.js';
import { stage } from './staging.js';

/** Around the file: boundaries and headers of the one part. */
const MULTIPART_OVERHEAD_BYTES = 64 * 1024;

/** One file, received in full and of an allowed type; `fileName` as the sender calls it, null where it is no name. */
export type ReceivedFile = StagedContent & { mediaType: MediaType; fileName: string | null };

/** Receives the one file of an upload into the staging folder. Whatever goes wrong, nothing stays there. */
export async function receiveFile(request: FastifyRequest, folder: string, maxBytes: number): Promise<ReceivedFile> {
  if (!request.isMultipart()) throw materialFileMissing();
  if (Number(request.headers['content-length'] ?? 0) > maxBytes + MULTIPART_OVERHEAD_BYTES)
    throw materialTooLarge({ limit: maxBytes });
  let staged: (Awaited<ReturnType<typeof stage>> & { fileName: string | null }) | undefined;
  try {
    // One byte more than allowed comes through, so that staging sees that there is too much; the parser drops the rest.
    const limits = { fileSize: maxBytes + 1, files: 2, parts: 3 };
    for await (const part of request.parts({ limits })) {
      if (part.type !== 'file' || part.fieldname !== 'file' || staged) throw materialFileMissing();
      staged = { ...(await stage(part.file, folder, maxBytes)), fileName: plainName(part.filename) };
    }
    if (!staged) throw materialFileMissing();
    const mediaType = await mediaTypeOf(staged.path);
    if (!mediaType) throw materialTypeNotAllowed();
    return { ...staged, mediaType };
  } catch (error) {
    if (staged) await rm(staged.path, { force: true });
    throw asCoded(error, maxBytes);
  }
}

/** The parser's own refusals; anything else (the disk, the store) is a fault of ours. */
function asCoded(error: unknown, maxBytes: number): unknown {
  if (error instanceof CodedError) return error;
  const code = String((error as { code?: unknown }).code);
  if (code === 'FST_REQ_FILE_TOO_LARGE') return materialTooLarge({ limit: maxBytes });
  if (['FST_PARTS_LIMIT', 'FST_FILES_LIMIT', 'FST_FIELDS_LIMIT'].includes(code)) return materialFileMissing();
  const byTheSender =
    code.startsWith('FST_') || code === 'ECONNRESET' || /multipart|form/i.test((error as Error).message);
  return byTheSender ? uploadBroken() : error;
}

/** Shown again when the material is fetched, so no control characters and no folders. */
function plainName(name: string): string | null {
  const plain = [...(name.split(/[/\\]/).at(-1) ?? '').replaceAll(/[\p{C}\uFFFD]/gu, '').trim()].slice(0, 100).join('');
  return plain === '' ? null : plain;
}
