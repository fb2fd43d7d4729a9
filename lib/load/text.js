'use strict';
// What a check under load found, as text. Pure.

const { bytes, signed, suspect, wrap } = require('../cli/format');

/** Suspects shown of each process; the JSON has all. */
const SHOWN = 3;

/** The process that the table is about: the worst, and of these the one that holds most. */
function main({ verdict, processes }) {
  const heap = ({ baselines }) => baselines[baselines.length - 1].heapUsed;
  return processes.filter((each) => each.verdict === verdict).reduce((a, b) => (heap(b) > heap(a) ? b : a));
}

function table({ rounds, baselines }) {
  const lines = ['round  requests/s   p50 ms   p99 ms  baseline      growth  contexts'];
  rounds.forEach(({ round, perSecond, p50, p99 }, at) => {
    const [before, after] = [baselines[at], baselines[at + 1]];
    lines.push(
      [
        String(round).padStart(5),
        perSecond.toFixed(0).padStart(11),
        p50.toFixed(0).padStart(8),
        p99.toFixed(0).padStart(8),
        bytes(after.heapUsed).padStart(9),
        signed(after.heapUsed - before.heapUsed).padStart(11),
        String(after.nativeContexts === null ? '' : after.nativeContexts).padStart(9),
      ].join(' ')
    );
  });
  return lines;
}

function perRequest({ verdict, bytesPerRequest, trend }) {
  if (!['growing', 'leaking'].includes(verdict)) return [];
  const { contexts } = trend.channels;
  const more = trend.channel === 'contexts' ? `, and ${contexts.perTick.toFixed(1)} contexts a round` : '';
  return [`${bytes(bytesPerRequest)} a request${more}`];
}

/** What the suppress file takes out, with its reason. */
const accepted = ({ suspect: { sentence }, suppression: { expires, reason } }) => ['', ...wrap(`suppressed until ${expires}: ${sentence} (${reason})`)];

function suspects({ suspects: found, suppressed, verdict }) {
  if (verdict !== 'leaking') return [];
  const known = [].concat(...suppressed.map(accepted));
  return named(found, known).concat(known);
}

function named(found, known) {
  if (found.length === 0 && known.length > 0) return [];
  if (found.length === 0) return ['', 'No suspect was found between the captures; try more --requests.'];
  const lines = found.slice(0, SHOWN).reduce((all, each) => all.concat('', suspect(each)), []);
  const more = found.length - SHOWN;
  return more > 0 ? lines.concat('', `and ${more} more; --json has all`) : lines;
}

function text(result) {
  const shown = main(result);
  const others = result.processes.filter((each) => each !== shown);
  const lines = [
    `${result.server.join(' ')}, ${result.url}: ${result.rounds.length} rounds of ${result.requestsPerRound} requests, ${result.connections} connections`,
    '',
    ...table({ rounds: result.rounds, baselines: shown.baselines }),
    '',
    ...wrap(`${shown.verdict}: ${shown.trend.reason}`),
    ...perRequest(shown),
    ...suspects(shown),
  ];
  for (const each of others) {
    lines.push('', ...wrap(`${each.name}${each.script ? ` (${each.script})` : ''}, ${each.verdict}: ${each.trend.reason}`), ...suspects(each));
  }
  for (const { pid, thread, why } of result.notJudged) {
    lines.push('', `process ${pid}${thread ? `, thread ${thread}` : ''} is not judged: it ${why}`);
  }
  return `${lines.join('\n')}\n`;
}

module.exports = { text };
