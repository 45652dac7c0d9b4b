import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSchedule } from './cron-schedule.ts';
import { isTimeZone } from './time-zone.ts';

const following: [schedule: string, zone: string, after: string, ...due: string[]][] = [
  ['*/15 * * * *', 'UTC', '2026-01-01T00:00:00Z', '2026-01-01T00:15:00Z', '2026-01-01T00:30:00Z'],
  ['0 12 * * 1-5', 'UTC', '2026-01-02T12:00:00Z', '2026-01-05T12:00:00Z'],
  ['30 3 29 FEB *', 'UTC', '2026-01-01T00:00:00Z', '2028-02-29T03:30:00Z'],
  [
    '0 0 13 * fri',
    'UTC',
    '2026-01-01T00:00:00Z',
    '2026-01-02T00:00:00Z',
    '2026-01-09T00:00:00Z',
    '2026-01-13T00:00:00Z',
  ],
  ['@every 1h30m', 'UTC', '2026-01-01T00:00:00.500Z', '2026-01-01T01:30:00Z'],
  ['@monthly', 'Asia/Seoul', '2026-01-15T00:00:00Z', '2026-01-31T15:00:00Z'],
  ['TZ=Asia/Seoul 0 9 * * *', 'UTC', '2026-01-15T00:00:00Z', '2026-01-16T00:00:00Z'],
  // Clocks go from 2 to 3 on 8 March and from 2 to 1 on 1 November.
  ['30 2 * * *', 'America/New_York', '2026-03-07T12:00:00Z', '2026-03-09T06:30:00Z'],
  ['30 1 * * *', 'America/New_York', '2026-11-01T04:00:00Z', '2026-11-01T05:30:00Z', '2026-11-01T06:30:00Z'],
  // The midnight of 26 April 2024 never came in Cairo.
  ['0 1 26 4 *', 'Africa/Cairo', '2024-04-20T00:00:00Z', '2024-04-25T22:00:00Z'],
];
for (const [schedule, zone, after, ...due] of following) {
  test(`${schedule} in ${zone} after ${after}`, () => {
    let instant = Date.parse(after);
    for (const expected of due) {
      instant = parseSchedule(schedule).next(instant, zone)!;
      assert.equal(new Date(instant).toISOString().replace('.000', ''), expected);
    }
  });
}

test('what never comes is found out', () => {
  assert.equal(parseSchedule('0 0 30 2 *').next(0, 'Europe/Berlin'), undefined);
});

const refused: [string, string][] = [
  ['* * *', 'expected exactly 5 fields, found 3: [* * *]'],
  ['60 * * * *', 'end of range (60) above maximum (59): 60'],
  ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
  ['5-3 * * * *', 'beginning of range (5) beyond end of range (3): 5-3'],
  ['*/0 * * * *', 'step of range should be a positive number: */0'],
  ['1-2-3 * * * *', 'too many hyphens: 1-2-3'],
  ['1/2/3 * * * *', 'too many slashes: 1/2/3'],
  ['x * * * *', 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'],
  ['@never', 'unrecognized descriptor: @never'],
  ['@every x', 'failed to parse duration @every x: time: invalid duration "x"'],
  ['@every 5', 'failed to parse duration @every 5: time: missing unit in duration "5"'],
  ['TZ=Nowhere/There 0 0 * * *', 'provided bad location Nowhere/There: unknown time zone Nowhere/There'],
  ['TZ=UTC', 'invalid schedule format: runtime error: slice bounds out of range [:-1]'],
];
for (const [schedule, message] of refused) {
  test(`${schedule} is refused`, () => assert.throws(() => parseSchedule(schedule), { message }));
}

test('zones are those of the database, as they are written there', () => {
  const names = ['UTC', 'Etc/UTC', 'Asia/Calcutta', 'Asia/Kolkata', 'US/Pacific', 'asia/seoul', 'Nowhere', '+0100'];
  assert.deepEqual(names.filter(isTimeZone), names.slice(0, 5));
});

const latest: [schedule: string, after: string, now: string, expected: string | undefined][] = [
  ['*/5 * * * *', '2026-01-01T00:00:00Z', '2026-01-01T00:04:59Z', undefined],
  ['*/5 * * * *', '2026-01-01T00:00:00Z', '2026-01-01T00:05:00Z', '2026-01-01T00:05:00Z'],
  ['*/5 * * * *', '2026-01-01T00:00:00Z', '2026-03-01T00:04:00Z', '2026-03-01T00:00:00Z'],
  ['* * 1 1 *', '2020-01-01T00:00:00Z', '2026-11-01T00:00:00Z', '2026-01-01T23:59:00Z'],
  ['0 0 29 2 *', '2020-01-01T00:00:00Z', '2026-11-01T00:00:00Z', '2024-02-29T00:00:00Z'],
  ['@every 7m', '2026-01-01T00:00:00Z', '2026-01-01T00:30:00Z', '2026-01-01T00:28:00Z'],
];
for (const [schedule, after, now, expected] of latest) {
  test(`the last of ${schedule} between ${after} and ${now}`, () => {
    const instant = parseSchedule(schedule).latest(Date.parse(after), Date.parse(now), 'UTC');
    assert.equal(instant && new Date(instant).toISOString().replace('.000', ''), expected);
  });
}
