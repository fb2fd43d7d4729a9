/** leakwatch in OpenTelemetry, through @opentelemetry/api (a peer dependency, version 1.3 or later). */

/** What leakwatch uses of OpenTelemetry's `MeterProvider`. */
interface MeterProviderLike {
  getMeter(name: string, version?: string): any;
}

export interface OpenTelemetryOptions {
  /** `require('@opentelemetry/api')`. Default: the copy that the program itself would load. */
  api?: { metrics: { getMeterProvider(): MeterProviderLike }; createNoopMeter(): any };
  /** Default: the global one. */
  meterProvider?: MeterProviderLike;
  /** Which version of the application this is; see leakwatch/prometheus. Default: as there. */
  appVersion?: string;
  /**
   * The metrics that the semantic conventions have names for: `v8js.*` and `process.memory.usage`. Default true; false where
   * @opentelemetry/instrumentation-runtime-node tells them already.
   */
  conventions?: boolean;
  /** Begin to watch if nobody has, with the default options. Default true. */
  watch?: boolean;
}

export interface OpenTelemetryExporter {
  /** Ends the observing; watching goes on. */
  stop(): void;
}

/**
 * Observes the metrics `leakwatch.*` and `v8js.*`, when a reader collects and not in between. Again with the same provider, it
 * returns the same exporter.
 * @throws {LeakwatchError} `ERR_LEAKWATCH_MISSING_PEER`, `ERR_LEAKWATCH_INVALID_ARGUMENT`,
 * `ERR_LEAKWATCH_NO_METER_PROVIDER`: set up the SDK first
 */
export function exportMetrics(options?: OpenTelemetryOptions): OpenTelemetryExporter;
