/** One thing that must work for the service to work. */
export interface HealthCheck {
  /** Short and stable, such as `ffmpeg`. */
  readonly name: string;
  /** Resolves within seconds, also when the thing hangs: `signal` aborts it. */
  check(signal: AbortSignal): Promise<HealthReport>;
}

export interface HealthReport {
  readonly ok: boolean;
  /** What was found, such as a version and a path. */
  readonly detail: string;
  /** What to do when it is not ok. */
  readonly advice?: string;
}
