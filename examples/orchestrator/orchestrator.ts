// From the address of a video to its captions: three services, one job.
//
//   npx node --conditions=@media-jobs/source examples/orchestrator/orchestrator.ts
//   curl -H 'content-type: application/json' -d '{"url":"https://example.org/talk.mp4"}' http://localhost:8004/jobs?operation=process
import { createServiceClient, type ServiceClient } from '@media-jobs/client';
import { startService, type Setting } from '../shared/start-service.ts';
import { addProcessRoute } from './process-route.ts';
import { processOperations } from './process-pipeline.ts';

await startService({
  name: 'orchestrator',
  divisor: 4,
  async open(setting) {
    const downloader = clientOf(setting, 'video-downloader', 8001);
    const normalizer = clientOf(setting, 'audio-normalization', 8002);
    const transcriber = clientOf(setting, 'audio-transcriber', 8003);
    return {
      operations: processOperations({ downloader, normalizer, transcriber }),
      // A factory reset here empties all four, and reports each.
      remoteServices: [downloader, normalizer, transcriber].map(({ remote }) => remote),
    };
  },
  addRoutes: addProcessRoute,
});

/** `VIDEO_DOWNLOADER_URL` and the like say where a service is, `ADMIN_TOKEN` is that of all four. */
function clientOf({ environment, logger }: Setting, name: string, port: number): ServiceClient {
  const url = environment[`${name.toUpperCase().replaceAll('-', '_')}_URL`] ?? `http://localhost:${port}`;
  return createServiceClient({ name, url, logger, ...(environment.ADMIN_TOKEN === undefined ? {} : { adminToken: environment.ADMIN_TOKEN }) });
}
