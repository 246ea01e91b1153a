/**
 * As much of an S3 server as a client needs for whole objects and uploads in parts, in memory, with path-style addresses. It checks what a real server
 * checks: the signature (AWS Signature Version 4) over method, path, query and the signed headers, the hash of the body, sizes and order of parts.
 */
import { createHash, createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const MIN_PART_BYTES = 5 * 1024 * 1024;

export interface S3Stub {
  endpoint: string;
  objects: Map<string, { body: Buffer; contentType: string }>;
  /** Uploads in parts that were begun and neither completed nor aborted. */
  openUploads: Map<string, { contentType: string; parts: Map<number, Buffer> }>;
  /** `METHOD path?query status` of every request. */
  log: string[];
  /** Answers the next requests that match with a 503. */
  failNext(match: RegExp, times: number): void;
  stop(): Promise<void>;
}

export async function startS3Stub(options: {
  bucket: string;
  accessKeyId: string;
  secretAccessKey: string;
}): Promise<S3Stub> {
  const objects: S3Stub['objects'] = new Map();
  const openUploads: S3Stub['openUploads'] = new Map();
  const log: string[] = [];
  let failure: { match: RegExp; times: number } | undefined;

  function handle(request: IncomingMessage, url: URL, body: Buffer): Answer {
    const fault = signatureFault(request, url, body, options);
    if (fault) return refuse(403, fault);
    const [, bucket, ...rest] = url.pathname.split('/');
    if (bucket !== options.bucket) return refuse(404, 'NoSuchBucket');
    const key = decodeURIComponent(rest.join('/'));
    const query = url.searchParams;
    const contentType = String(request.headers['content-type'] ?? 'application/octet-stream');
    const uploadId = query.get('uploadId');
    const upload = uploadId === null ? undefined : openUploads.get(uploadId);
    const parts = upload?.parts;
    if (uploadId !== null && !upload) return refuse(404, 'NoSuchUpload');
    switch (request.method) {
      case 'HEAD':
        return key === '' || objects.has(key) ? { status: 200 } : { status: 404 };
      case 'GET': {
        const object = objects.get(key);
        if (!object) return refuse(404, 'NoSuchKey');
        return { status: 200, body: object.body, headers: { 'content-type': object.contentType } };
      }
      case 'PUT':
        if (parts) parts.set(Number(query.get('partNumber')), body);
        else objects.set(key, { body, contentType });
        return { status: 200, headers: { etag: etag(body) } };
      case 'POST': {
        if (query.has('uploads')) {
          const id = randomUUID();
          openUploads.set(id, { contentType, parts: new Map() });
          return xml(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
        }
        if (!upload || !parts) return refuse(400, 'InvalidRequest');
        const named = [...body.toString().matchAll(/<Part>.*?<\/Part>/gs)].map(([part]) => ({
          number: Number(/<PartNumber>(\d+)</.exec(part)?.[1]),
          tag: /<ETag>(.*?)</.exec(part)?.[1]?.replaceAll('&quot;', '"'),
        }));
        const bodies = named.map(({ number }) => parts.get(number));
        if (named.some(({ tag }, i) => !bodies[i] || etag(bodies[i]) !== tag)) return refuse(400, 'InvalidPart');
        if (named.some(({ number }, i) => number <= (named[i - 1]?.number ?? 0)))
          return refuse(400, 'InvalidPartOrder');
        if (bodies.slice(0, -1).some((part) => part!.length < MIN_PART_BYTES)) return refuse(400, 'EntityTooSmall');
        objects.set(key, { body: Buffer.concat(bodies as Buffer[]), contentType: upload.contentType });
        openUploads.delete(uploadId!);
        return xml('<CompleteMultipartUploadResult><ETag>"whole"</ETag></CompleteMultipartUploadResult>');
      }
      case 'DELETE':
        if (uploadId !== null) openUploads.delete(uploadId);
        else objects.delete(key);
        return { status: 204 };
      default:
        return refuse(405, 'MethodNotAllowed');
    }
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://stub');
      const line = `${request.method} ${request.url}`;
      let answer: Answer;
      if (failure && failure.times > 0 && failure.match.test(line)) {
        failure.times--;
        answer = refuse(503, 'SlowDown');
      } else answer = handle(request, url, Buffer.concat(chunks));
      log.push(`${line} ${answer.status}`);
      send(response, answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    openUploads,
    log,
    failNext: (match, times) => (failure = { match, times }),
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

interface Answer {
  status: number;
  body?: Buffer | string;
  headers?: Record<string, string>;
}
const xml = (text: string, status = 200): Answer => ({
  status,
  body: `<?xml version="1.0" encoding="UTF-8"?>${text}`,
  headers: { 'content-type': 'application/xml' },
});
const refuse = (status: number, code: string): Answer => xml(`<Error><Code>${code}</Code></Error>`, status);
const etag = (body: Buffer): string => `"${createHash('md5').update(body).digest('hex')}"`;
function send(response: ServerResponse, { status, body, headers }: Answer): void {
  response.writeHead(status, { 'content-length': String(Buffer.byteLength(body ?? '')), ...headers });
  response.end(body);
}

const sha256 = (data: Buffer | string): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: Buffer | string, data: string): Buffer => createHmac('sha256', key).update(data).digest();
const encode = (text: string): string =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** The code a server answers with when the request is not signed as it should be; undefined where it is. */
function signatureFault(
  request: IncomingMessage,
  url: URL,
  body: Buffer,
  { accessKeyId, secretAccessKey }: { accessKeyId: string; secretAccessKey: string },
): string | undefined {
  const pattern =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;
  const [, id, day, region, signedHeaders, signature] = pattern.exec(request.headers.authorization ?? '') ?? [];
  if (!id || !day || !region || !signedHeaders || !signature) return 'AccessDenied';
  if (id !== accessKeyId) return 'InvalidAccessKeyId';
  const stated = String(request.headers['x-amz-content-sha256']);
  if (stated !== 'UNSIGNED-PAYLOAD' && stated !== sha256(body)) return 'XAmzContentSHA256Mismatch';
  const date = String(request.headers['x-amz-date']);
  const canonical = [
    request.method,
    url.pathname,
    [...url.searchParams]
      .map(([name, value]) => `${encode(name)}=${encode(value)}`)
      .sort()
      .join('&'),
    ...signedHeaders.split(';').map((name) => `${name}:${String(request.headers[name]).trim()}`),
    '',
    signedHeaders,
    stated,
  ].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n');
  const key = [region, 's3', 'aws4_request'].reduce((k, part) => hmac(k, part), hmac(`AWS4${secretAccessKey}`, day));
  const expected = hmac(key, toSign);
  return timingSafeEqual(expected, Buffer.from(signature, 'hex')) ? undefined : 'SignatureDoesNotMatch';
}
