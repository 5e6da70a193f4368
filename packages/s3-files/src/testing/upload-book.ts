/** Uploads in parts that were begun and have not ended. */
export interface UploadBook {
  readonly open: () => readonly string[];
  /** Told of each answer to a POST. */
  readonly note: (url: URL, status: number, body: string) => void;
  /** Told of each DELETE. */
  readonly ended: (url: URL) => void;
  /** The answer to `ListMultipartUploads`. */
  readonly list: (url: URL) => string;
}

export function createUploadBook(): UploadBook {
  const uploads = new Map<string, { readonly path: string; readonly begunAt: Date }>();
  const pathOf = ({ pathname }: URL): string => decodeURIComponent(pathname);
  return {
    open: () => [...uploads.values()].map(({ path }) => path),
    note(url, status, body) {
      const id = /<UploadId>([^<]+)<\/UploadId>/.exec(body)?.[1];
      if (url.searchParams.has('uploads') && id !== undefined) uploads.set(id, { path: pathOf(url), begunAt: new Date() });
      if (url.searchParams.has('uploadId') && status === 200 && !body.includes('<Error>')) uploads.delete(url.searchParams.get('uploadId') ?? '');
    },
    ended: (url) => void uploads.delete(url.searchParams.get('uploadId') ?? ''),
    list(url) {
      const bucket = `${pathOf(url).replace(/\/$/, '')}/`;
      const under = bucket + (url.searchParams.get('prefix') ?? '');
      const found = [...uploads].filter(([, { path }]) => path.startsWith(under));
      const entries = found.map(([id, { path, begunAt }]) => `<Upload><Key>${path.slice(bucket.length)}</Key><UploadId>${id}</UploadId><Initiated>${begunAt.toISOString()}</Initiated></Upload>`);
      return `<?xml version="1.0" encoding="UTF-8"?><ListMultipartUploadsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>false</IsTruncated>${entries.join('')}</ListMultipartUploadsResult>`;
    },
  };
}
