// Hours of sleep as a drawn week, and the same in words.

const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const DAY = 24 * 60; // minutes

type Piece = readonly number[]; // day, begin and end in minutes

const time = (minutes: number) => `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;

export function Week({ week, zone }: { week: readonly Piece[]; zone: string }) {
  return (
    <div class="week">
      <ol>
        {DAYS.map((name, day) => {
          const own = week.filter((piece) => piece[0] === day);
          return (
            <li key={name}>
              <span class="week-day">{name.slice(0, 2)}<span class="visually-hidden">{name.slice(2)}: {own.length ? own.map(([, begin = 0, end = 0]) => `sleeps ${time(begin)} to ${time(end)}`).join(", ") : "works all day"}</span></span>
              <span class="week-bar" aria-hidden="true">{own.map(([, begin = 0, end = 0]) => <span key={begin} title={`sleeps ${time(begin)}–${time(end)}`} style={{ left: `${(100 * begin) / DAY}%`, width: `${(100 * (end - begin)) / DAY}%` }} />)}</span>
            </li>
          );
        })}
      </ol>
      <p class="week-hours" aria-hidden="true">{[0, 6, 12, 18, 24].map((hour) => <span key={hour} style={{ left: `${(100 * hour) / 24}%` }}>{hour}</span>)}</p>
      <p class="soft">hatched: it sleeps · hours of {zone}</p>
    </div>
  );
}
