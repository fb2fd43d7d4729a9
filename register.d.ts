/** Starts watching with the options of the environment: `LEAKWATCH_*`. */
export {};
