// results.json in words and tables. Needs no package: a test compares it with results.md.
const RIVALS = {
  latchkey: 'latchkey (IndexedDB)',
  'latchkey-cookie': 'latchkey (cookie)',
  'oidc-client-ts': 'oidc-client-ts',
  'okta-auth-js': 'okta-auth-js',
  'auth0-spa-js': 'auth0-spa-js',
  'supabase-auth-js': 'supabase auth-js',
  'badgateway-oauth2-client': 'badgateway oauth2-client',
  'axios-auth-refresh': 'axios-auth-refresh',
  'supertokens-website': 'supertokens-website',
  'keycloak-js': 'keycloak-js ¹',
  'blog-recipe': 'interceptor recipe ²',
}
const LESS = { raw: '(no library)', native: 'native fetch', indexedDB: 'IndexedDB read, then native fetch', plain: '(no jitter, no backoff)' }
const FLEET = { ...RIVALS, ...LESS, latchkey: 'latchkey' }

export const labelOf = (name) => RIVALS[name] ?? LESS[name] ?? name
export const fleetLabelOf = (name) => FLEET[name] ?? name

const table = (head, rows, align = '---:') =>
  [`| ${head.join(' | ')} |`, `| ${head.map((_, i) => (i ? align : '---')).join(' | ')} |`, ...rows.map((row) => `| ${row.map((cell) => cell ?? '—').join(' | ')} |`)].join('\n')

const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`
const times = (value) => (value === undefined ? '—' : `× ${value}`)
/** Median, and the range if runs differed. */
const counted = ({ median, low, high }) => (low === high ? `${median}` : `${median} (${low} to ${high})`)
const timed = ({ median, low, high }, unit = '') => `${median}${unit} (${low} to ${high})`
const thousands = (value) => Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, ' ')

const plural = (count, word) => `${count} ${word}${count === 1 ? '' : 's'}`

const SECTIONS = {
  size: ({ rows }) => [
    '## Size',
    'The smallest program that stores, attaches, refreshes and signs out: the adapter in `bench/rivals/` without its test helpers, bundled by rollup, minified by terser, compressed by brotli, dependencies included.',
    table(
      ['', 'minified', 'brotli', 'times latchkey', 'state across tabs'],
      rows.map(({ rival, minified, brotli, ratio, acrossTabs }) => [labelOf(rival), kilobytes(minified), kilobytes(brotli), ratio, acrossTabs ? 'yes' : 'no']),
    ),
    '![Size](charts/size.svg)',
  ],
  storm: ({ rows, calls }) => {
    const strict = rows.filter(({ grace }) => grace === 0)
    const tabs = [...new Set(strict.map((row) => row.tabs))]
    const names = [...new Set(rows.map(({ rival }) => rival))]
    const grid = (cell) => {
      const find = (name, count) => strict.find((row) => row.rival === name && row.tabs === count)
      return table(['tabs', ...tabs], names.map((name) => [labelOf(name), ...tabs.map((count) => find(name, count) && cell(find(name, count)))]))
    }
    return [
      '## Storm',
      `So many tabs come up at the same moment on a session whose access token has expired, and make ${calls} calls each. The server is strict: a refresh token that comes twice ends the session (RFC 9700). Medians, with the range where runs differed.`,
      '### Token requests sent', grid((row) => counted(row.tokenRequests)),
      '![Token requests](charts/storm.svg)',
      '### Tabs that are signed out afterwards', grid((row) => counted(row.signedOut)),
      `### Calls that failed, of ${calls} for each tab`, grid((row) => counted(row.failed)),
      '### Time until all calls had settled, over one raw refresh; where none failed', grid((row) => row.ratio && counted(row.ratio)),
      '### Ten tabs on a server with a grace window of ten seconds',
      table(['', 'token requests', 'tabs signed out', 'calls failed', 'time over one raw refresh'], rows.filter(({ grace }) => grace > 0).map((row) => [
        labelOf(row.rival), counted(row.tokenRequests), counted(row.signedOut), counted(row.failed), row.ratio && counted(row.ratio),
      ])),
    ]
  },
  faults: ({ rows, titles, grace }) => {
    const names = [...new Set(rows.map(({ rival }) => rival))]
    const scenarios = Object.keys(titles)
    const cell = (row) => {
      if (!row) return
      if (row.error) return 'not measured'
      const { scenario } = row
      if (scenario === 'logoutDuringRefresh') return row.cameBack ? '**session came back**' : 'signed out'
      if (scenario === 'logoutOffline') return row.stillSignedIn ? '**still signed in**' : 'signed out'
      if (scenario === 'logoutElsewhere') return row.stillSends ? '**still sends the token**' : 'sends nothing'
      if (scenario === 'messages') return row.leaked ? `**${row.leaked} of them**` : 'none'
      if (scenario === 'foreign') {
        if (row.attaches === false) return 'attaches nothing itself'
        const to = [row.otherHost && 'other host', row.otherPort && 'other port'].filter(Boolean)
        return to.length ? `**token sent to ${to.join(' and ')}**` : 'no token sent'
      }
      const state = row.signedIn ? (row.meanwhile === false ? '**stuck until it thawed**' : 'signed in') : '**signed out**'
      const failed = row.failed ? `, ${plural(row.failed, 'call')} failed` : ''
      return `${state}, ${plural(row.tokenRequests, 'token request')}${failed}`
    }
    return [
      '## Faults',
      `Each row is played in a real Chromium against the same server, which has a grace window of ${grace} seconds. “Signed in”: calls succeed again within fifteen seconds once the trouble is over. Bold is what a user or an auditor would complain about.`,
      ...[names.slice(0, 6), names.slice(6)].filter((part) => part.length).map((part) =>
        table(['', ...part.map(labelOf)], scenarios.map((scenario) => [titles[scenario], ...part.map((name) => cell(rows.find((row) => row.rival === name && row.scenario === scenario)))]), '---'),
      ),
    ]
  },
  growth: ({ hours, memory, idle }) => [
    '## How cost grows',
    'latchkey in an hour in which nobody does anything, all tabs together, tokens of five minutes. Counted in the simulator, over the code of the library. Every tab hears each message and reads the record once: that is the one number that grows with the tabs.',
    table(
      ['tabs', 'token requests', 'messages', 'timers that rang', 'storage writes', 'storage reads', 'lock requests'],
      hours.map((hour) => [hour.tabs, hour.tokenRequests, hour.messages, hour.wakeUps, hour.writes, hour.reads, hour.locks]),
    ),
    `A million calls over a stub leave the heap ${memory.growth >= 0 ? 'larger' : 'smaller'} by ${kilobytes(Math.abs(memory.growth))} than it was (${memory.points.map(([count, used]) => `${thousands(count)}: ${(used / 1e6).toFixed(2)} MB`).join(', ')}).`,
    `CPU time of all renderers while ${idle.tabs} tabs with a session do nothing for ${idle.seconds} seconds:`,
    table(['', 'milliseconds (range)'], idle.rows.map(({ rival, ms }) => [labelOf(rival), timed(ms)])),
  ],
  fleet: ({ clients, titles, rows }) => {
    const part = (story) => rows.filter((row) => row.story === story)
    const names = (story, head, cells) => [`### ${titles[story]}`, table(['', ...head], part(story).map((row) => [fleetLabelOf(row.rule), ...cells(row)]))]
    const outage = (story) =>
      names(story, ['peak / mean of the first minute', 'peak / quiet load', 'requests a second while down', '99 of 100 recovered after', 'must log in again'], (row) => [
        row.rule === 'blog-recipe' ? '—' : row.peakOverMean, row.peakOverNormal, thousands(row.duringOutage), row.recovered === undefined ? '—' : `${Math.round(row.recovered)} s`, thousands(row.signedOut),
      ])
    return [
      '## Fleet',
      `A simulation of ${thousands(clients)} clients with one open tab each, and one token endpoint; access tokens last an hour. latchkey runs its own schedule and its own backoff; rivals follow what their documentation and code say (\`bench/fleet/rules.ts\`), with a call a minute where a call is what makes them look.`,
      ...names('rush', ['peak / mean'], (row) => [row.peakOverMean]),
      '![After a login rush](charts/fleet-rush.svg)',
      ...outage('restart'), ...outage('outage'),
      '![An outage of ten minutes](charts/fleet-outage.svg)',
      'A client that was due during the outage asks again within its longest pause, so an outage as long as a sixth of the token lifetime brings a sixth of the fleet within about a minute: that is the limit of the second column, and only a server that sends `Retry-After`, or clients that leave their users waiting for longer, can lower it.',
    ]
  },
  cost: ({ rows }) => [
    '## Cost of a call',
    'A call with a fresh token, one after the other, beside the same call made natively with a header in the same page, in turn. Over loopback: the ratio. Over a stub that answers from memory: microseconds a call, those of the stub itself, and bytes a call beyond its own. axios sends by XMLHttpRequest, which has no such stub.',
    table(
      ['', 'to native over loopback (range)', 'over a stub, µs (range)', 'the stub, µs', 'bytes a call'],
      rows.map(({ rival, loopback, stub, native, bytes }) => [labelOf(rival), `× ${timed(loopback)}`, stub && timed(stub), native?.median, bytes]),
    ),
  ],
  cold: ({ rows }) => [
    '## Cold start',
    'A new page with a stored, valid session: from opening the library until the first request is handed to the browser, and until it is answered; the connection is open, and the code is there and compiled, as it is for who has been there before. Medians and ranges. keycloak-js keeps nothing to start with.',
    table(
      ['', 'sent after, ms', 'to an IndexedDB read', 'answered after, ms', 'to native fetch', 'to IndexedDB read + fetch', 'script, ms'],
      rows.map(({ rival, wire, wireToIndexedDB, ms, toNative, toIndexedDB, script }) => [
        labelOf(rival), timed(wire), rival === 'native' ? '—' : times(wireToIndexedDB), timed(ms), times(toNative), times(toIndexedDB), timed(script),
      ]),
    ),
  ],
  logout: ({ rows, tabs, patience }) => [
    '## Logout',
    `Logout in one of ${tabs} tabs: until the last of the others sends no token any more, while each of them makes one call after the other. One hop: until the last of them has heard a BroadcastChannel message, as busy as they are. Both end where the first call begins that knows: from there on no token leaves. “Never”: not within ${patience / 1000} seconds.`,
    table(['', 'milliseconds (range)', 'to one hop'], rows.map(({ rival, ms, toHop, never }) => [labelOf(rival), ms ? timed(ms) : `never (${never} of ${never})`, times(toHop)])),
  ],
}

const NOTES = [
  '¹ keycloak-js keeps its tokens in memory: each tab signs in by itself, so tabs share nothing and cannot disturb each other.',
  '² The axios interceptor with a flag and a queue that tutorials teach, written out in `bench/rivals/blog-recipe.js`.',
]

/** The parts that measure time; the others count, and say the same on any machine. */
const TIMED = ['storm', 'faults', 'growth', 'cost', 'cold', 'logout']

export const render = ({ machine, versions, parts }) => {
  const dates = Object.values(parts).map(({ date }) => date.slice(0, 10)).sort()
  const busy = Object.entries(parts).filter(([name, { load }]) => TIMED.includes(name) && load > machine.cores).map(([name, { load }]) => `${name} (load ${load})`)
  return [
    '# Measured against everyone',
    'Written by `npm run bench`, from `results.json`. Every rival is used as its own documentation says: one short adapter each, in `bench/rivals/`.',
    `Machine: ${machine.cpu}, ${machine.cores} cores, ${machine.memory}, ${machine.system}; Node ${machine.node}, ${machine.chromium}. Measured ${[...new Set([dates[0], dates.at(-1)])].join(' to ')}.`,
    `Versions: ${Object.entries(versions).filter(([, version]) => version).map(([name, version]) => `${name} ${version}`).join(', ')}.`,
    'Counts and bytes are exact. Times are medians of interleaved runs, with the range that was seen, and only good for comparison within one table.',
    ...(busy.length ? [`The machine was busy with other work before ${busy.join(', ')}: times there say little.`] : []),
    ...Object.entries(SECTIONS).filter(([name]) => parts[name]).flatMap(([name, section]) => section(parts[name])),
    ...NOTES,
  ].join('\n\n') + '\n'
}
