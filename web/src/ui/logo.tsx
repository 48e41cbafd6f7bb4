/** The mark. */

export function Logo({ size = 22 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="#1f6f6b" />
      <path d="M9 10h14M9 16h8M9 22h11" stroke="#fff" strokeWidth="2.6" strokeLinecap="round" />
      <circle cx="22.5" cy="16" r="2.6" fill="#ffd479" />
    </svg>
  );
}
