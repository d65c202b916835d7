/** A drawing of one picture that becomes several. */
export function Illustration() {
  return (
    <svg class="illustration" viewBox="0 0 320 132" aria-hidden="true">
      <Frame x={8} y={10} width={150} height={112} />
      <path class="way" d="M172 66h22 M188 58l8 8-8 8" />
      <Frame x={210} y={10} width={62} height={46} />
      <Frame x={210} y={70} width={40} height={52} />
      <Frame x={262} y={70} width={52} height={52} />
    </svg>
  );
}

function Frame({ x, y, width, height }: Record<'x' | 'y' | 'width' | 'height', number>) {
  const hills = [
    `M${x} ${y + height * 0.78}l${width * 0.28} ${-height * 0.3} ${width * 0.24} ${height * 0.2}`,
    `${width * 0.2} ${-height * 0.12} ${width * 0.28} ${height * 0.22}`,
    `V${y + height - 8}a8 8 0 0 1 -8 8H${x + 8}a8 8 0 0 1 -8 -8z`,
  ].join(' ');
  return (
    <g>
      <rect x={x} y={y} width={width} height={height} rx={8} />
      <circle cx={x + width * 0.7} cy={y + height * 0.32} r={Math.min(width, height) * 0.11} />
      <path d={hills} />
    </g>
  );
}
