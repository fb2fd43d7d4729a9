/** leakwatch in Prometheus, through prom-client (a peer dependency, version 14 or later). */

/** What leakwatch uses of prom-client's `Registry`. */
interface RegistryLike {
  registerMetric(metric: any): void;
  getSingleMetric(name: string): any;
  removeSingleMetric(name: string): void;
  metrics(): any;
}

export interface PrometheusOptions {
  /** `require('prom-client')`. Default: the copy that the program itself would load. */
  client?: { register: RegistryLike };
  /** The registry to add to. Default: prom-client's own, `client.register`. */
  registry?: RegistryLike;
  /**
   * Which version of the application this is, for leaks that came with one: the label `app_version` of
   * `leakwatch_build_info`. Default: `LEAKWATCH_APP_VERSION`, or `npm_package_version` as npm sets it.
   */
  appVersion?: string;
  /** Begin to watch if nobody has, with the default options. Default true. */
  watch?: boolean;
}

export interface PrometheusExporter {
  readonly registry: RegistryLike;
  /** Takes the metrics out of the registry; watching goes on. */
  stop(): void;
}

/**
 * Registers the metrics `leakwatch_*`. They are read when they are scraped; nothing is done in between. Again with the same
 * registry, it returns the same exporter. Each isolate has its own: a worker registers in a registry of its own.
 * @throws {LeakwatchError} `ERR_LEAKWATCH_MISSING_PEER`, `ERR_LEAKWATCH_INVALID_ARGUMENT`, `ERR_LEAKWATCH_NAME_TAKEN`
 */
export function exportMetrics(options?: PrometheusOptions): PrometheusExporter;
