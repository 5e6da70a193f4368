import { fileStoreCases } from '@media-jobs/core/conformance';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startS3Front, type S3Front } from './testing/s3-front.ts';
import { s3Harness } from './testing/s3-harness.ts';
import { startS3Server, type TestS3Server } from './testing/s3-server.ts';

let server: TestS3Server;
let front: S3Front;

beforeAll(async () => {
  server = await startS3Server();
  front = await startS3Front(server.port);
});

afterAll(async () => {
  const open = front.uploads.open();
  await front[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  expect(open, 'Every upload in parts is completed or ended').toEqual([]);
});

describe.each([{ name: 'a bucket of its own', prefixed: false }, { name: 'a prefix in a bucket', prefixed: true }])('in $name', ({ prefixed }) => {
  test.each(fileStoreCases)('S3 file store: $name', ({ run }) => run(s3Harness(front.url, { prefixed })));
});
