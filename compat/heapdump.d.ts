/** The API of heapdump 0.3.15; loading it serves SIGUSR2 unless `NODE_HEAPDUMP_OPTIONS=nosignal`. */
declare namespace heapdump {
  /** True if it was written. The callback is called before this returns. */
  function writeSnapshot(filename?: string, callback?: (error: Error | null, filename?: string) => void): boolean;
  function writeSnapshot(callback: (error: Error | null, filename?: string) => void): boolean;
}

export = heapdump;
