// Media from an address: files over HTTP, and videos of pages where yt-dlp is installed.
//
//   npx node --conditions=@media-jobs/source examples/video-downloader/video-downloader.ts
//   curl -H 'content-type: application/json' -d '{"url":"https://example.org/talk.mp4"}' http://localhost:8001/jobs
import { createDownloader, downloadOperation } from '@media-jobs/download';
import { listOf, startService } from '../shared/start-service.ts';

await startService({
  name: 'video-downloader',
  divisor: 1,
  // The path of the original's first form.
  aliases: { '/download': '/jobs' },
  async open({ environment, logger }) {
    // Private networks are out of reach unless they are named: whoever may submit could look around in them.
    const allowedNetworks = listOf(environment.ALLOWED_NETWORKS);
    return { operations: [downloadOperation({ downloader: createDownloader({ logger, allowedNetworks }) })] };
  },
});
