'use strict';
// What a check under load found, for what reads JUnit or SARIF. Pure.

const formats = { ...require('../formats/junit'), ...require('../formats/sarif') };
const render = require('../cli/format');
const { isAccepted } = require('./judge');

const RULES = [
  { id: 'leak', text: 'Memory that grows under load for as long as it lasts', help: 'The suspects say what grows and what holds it.' },
  { id: 'growth', text: 'Memory that grows under load, but may stop', help: 'More rounds, or more requests a round, decide.' },
];

/** The same in each run, so that a test's history stays together: no process numbers. */
const title = ({ script, thread }) => `${script || 'node'}${thread ? `, thread ${thread}` : ''}`;

function failureText({ trend, suspects }) {
  return [trend.reason].concat(...suspects.map((each) => ['', ...render.suspect(each)])).join('\n');
}

/** One case for each process or thread judged. */
function junit(result, root = process.cwd()) {
  const seconds = result.rounds.reduce((sum, round) => sum + round.seconds, 0);
  const cases = result.processes.map((each) => ({
    name: `${result.url} does not leak: ${title(each)}`,
    classname: 'leakwatch.load',
    file: each.script && each.script.startsWith(root) ? each.script.slice(root.length + 1) : undefined,
    seconds,
    skipped: isAccepted(each) ? `suppressed: ${each.suppressed[0].suppression.reason}` : undefined,
    failure: each.verdict === 'leaking' && !isAccepted(each) ? { message: each.trend.reason, type: 'leaking', text: failureText(each) } : undefined,
  }));
  const skipped = result.notJudged.map(({ pid, why }) => ({ name: `process ${pid}`, classname: 'leakwatch.load', skipped: `it ${why}` }));
  return formats.junit({ name: 'leakwatch load', suites: [{ name: result.server.join(' '), cases: cases.concat(skipped) }] });
}

function resultsOf(each) {
  const { verdict, trend, suspects, script, name } = each;
  if ((verdict !== 'leaking' && verdict !== 'growing') || isAccepted(each)) return [];
  const ruleId = verdict === 'leaking' ? 'leak' : 'growth';
  const level = verdict === 'leaking' ? 'error' : 'note';
  if (suspects.length === 0) {
    return [{ ruleId, level, message: `${name}: ${trend.reason}`, location: script ? { url: script } : undefined }];
  }
  // The first is the leak; what else grew may hang on it.
  return suspects.map(({ sentence, location, fingerprint, share, growthBytes, known }, at) => ({
    ruleId,
    level: at === 0 ? level : 'note',
    message: at === 0 ? `${sentence} ${trend.reason}.` : sentence,
    location: location || (script ? { url: script } : undefined),
    fingerprint,
    properties: known ? { share, growthBytes, known } : { share, growthBytes },
  }));
}

function sarif(result, root = process.cwd()) {
  return formats.sarif({
    tool: { name: 'leakwatch', version: result.leakwatch },
    rules: RULES,
    results: [].concat(...result.processes.map(resultsOf)),
    root,
  });
}

module.exports = { junit, sarif };
