export function CrewPage() {
  return null;
}
