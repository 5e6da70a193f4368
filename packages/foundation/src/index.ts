export { errorCodes, type CodeEntry, type ErrorClass, type MediaJobErrorCode } from './codes.ts';
export { MediaJobError, type MediaJobErrorOptions, type SerializedError } from './media-job-error.ts';
export { lockWaits, storeReconnects, type LockWait, type StoreReconnect } from './diagnostics.ts';
export { DisposalStack } from './disposal-stack.ts';
export { systemClock, type Clock, type Timer } from './clock.ts';
export { silentLogger, type LogFields, type Logger } from './logger.ts';
