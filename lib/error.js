'use strict';
// Errors that carry a stable code. Native ones come from the realm the addon was
// loaded in, where `instanceof Error` may be false for the caller: they are
// made anew here.

class LeakwatchError extends Error {
  constructor(code, message, details) {
    super(message);
    this.name = 'LeakwatchError';
    this.code = code;
    if (details) Object.assign(this, details);
  }

  /** True for errors of every load of this file, in whichever realm. */
  static [Symbol.hasInstance](value) {
    return (
      typeof value === 'object' &&
      value !== null &&
      value.name === 'LeakwatchError' &&
      typeof value.code === 'string' &&
      value.code.startsWith('ERR_LEAKWATCH_')
    );
  }
}

function invalid(option, why) {
  return new LeakwatchError('ERR_LEAKWATCH_INVALID_ARGUMENT', `${option}: ${why}`, { option });
}

function unavailable(capability, why) {
  return new LeakwatchError('ERR_LEAKWATCH_UNAVAILABLE', `${capability} is not available: ${why}`, {
    capability,
  });
}

function aborted() {
  return new LeakwatchError(
    'ERR_LEAKWATCH_ABORTED',
    'aborted by the caller; nothing was left behind'
  );
}

function stopped() {
  return new LeakwatchError('ERR_LEAKWATCH_ABORTED', 'ended by stop(); nothing was left behind');
}

function busy() {
  return new LeakwatchError(
    'ERR_LEAKWATCH_BUSY',
    'a snapshot is already being taken in this isolate; wait for it to end'
  );
}

/** A native error, or anything else, as the caller should see it. */
function rewrap(error) {
  if (!error || typeof error.code !== 'string' || !error.code.startsWith('ERR_LEAKWATCH_')) {
    return error;
  }
  if (error instanceof LeakwatchError) return error;
  const [message, details] = String(error.message).split('\0');
  return new LeakwatchError(error.code, message, details ? JSON.parse(details) : undefined);
}

/** An error that came back as a plain object. */
function fromOutcome(error) {
  return new LeakwatchError(error.code, error.message, JSON.parse(error.details));
}

/** Calls into the addon. */
function guarded(fn) {
  return function (...args) {
    try {
      return fn.apply(this, args);
    } catch (error) {
      throw rewrap(error);
    }
  };
}

module.exports = { LeakwatchError, aborted, busy, fromOutcome, guarded, invalid, rewrap, stopped, unavailable };
