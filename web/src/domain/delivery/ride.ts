//! The ride pad: the next place along a straight line. Pure.

export type Spot = { lat: number; lng: number };
const EARTH_M = 6_371_008.77;
const rad = (deg: number) => (deg * Math.PI) / 180;

/** Metres between two places on the sphere. */
export function metres(a: Spot, b: Spot): number {
  const dLat = rad(b.lat - a.lat);
  const dLng = rad(b.lng - a.lng);
  const h = Math.sin(dLat / 2) ** 2 + Math.cos(rad(a.lat)) * Math.cos(rad(b.lat)) * Math.sin(dLng / 2) ** 2;
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** The place after `distance` metres towards `to`, and the heading in degrees from north. */
export function towards(from: Spot, to: Spot, distance: number): Spot & { heading: number; arrived: boolean } {
  const all = metres(from, to);
  const part = all <= distance ? 1 : distance / all;
  const y = (to.lng - from.lng) * Math.cos(rad(from.lat));
  const heading = ((((Math.atan2(y, to.lat - from.lat) * 180) / Math.PI) % 360) + 360) % 360;
  return {
    lat: from.lat + (to.lat - from.lat) * part,
    lng: from.lng + (to.lng - from.lng) * part,
    heading,
    arrived: part === 1,
  };
}
