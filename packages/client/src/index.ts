export { createServiceClient, type OperationContract, type RemoteSubmitOptions, type ServiceClient } from './service-client.ts';
export { serviceClientDefaults, type ServiceClientOptions } from './options.ts';
export { remoteOperation, type RemoteOperationDefinition } from './remote-operation.ts';
export type { RemoteCallOptions, RemoteJob, RemoteWaitOptions } from './remote-job.ts';
export type { RemoteEvent } from './follow-job.ts';
export type { RemoteState, RemoteView } from './remote-view.ts';
