/** Line drawings on a grid of 24. */
const drawings = {
  mark: 'M4 4h11v11H4z M9 20h11V9',
  drop: 'M12 4v11 M7 10l5 5 5-5 M4 20h16',
  try: 'M4 7h9 M17 7h3 M15 5v4 M4 17h3 M11 17h9 M9 15v4',
  rules: 'M5 4h14v16H5z M9 9h6 M9 13h6',
  browse: 'M4 4h7v7H4z M13 4h7v7h-7z M4 13h7v7H4z M13 13h7v7h-7z',
  sun: `M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z M12 2v3 M12 19v3 M2 12h3 M19 12h3
    M5 5l2 2 M17 17l2 2 M19 5l-2 2 M7 17l-2 2`,
  moon: 'M19 14.5A8 8 0 0 1 9.5 5 8 8 0 1 0 19 14.5z',
  auto: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16z M12 4v16 M15 5v14 M18 7v10',
  copy: 'M8 8h12v12H8z M16 8V4H4v12h4',
  check: 'M5 13l4 4L19 7',
  close: 'M6 6l12 12 M18 6L6 18',
  download: 'M12 4v11 M7 10l5 5 5-5 M5 20h14',
  trash: 'M5 7h14 M10 4h4 M7 7l1 13h8l1-13',
  retry: 'M19 12a7 7 0 1 1-2-5 M19 4v4h-4',
  info: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16z M12 11v5 M12 8v.1',
  warning: 'M12 4L2.5 20h19z M12 10v5 M12 17.5v.5',
} as const;

export type IconName = keyof typeof drawings;

/** An icon beside text, or in a button with its own label, so that screen readers can ignore it. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={drawings[name]} />
    </svg>
  );
}
