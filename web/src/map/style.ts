//! The map's style over the city's shapes: written at build time, served as /map/style.json?theme=…
import type { StyleSpecification } from 'maplibre-gl';
import { type Scheme, surfaces } from '../ui/tokens';

const shapes = {
  light: {
    water: '#CFE1EE',
    park: '#DCE9DC',
    street: '#FFFFFF',
    avenue: '#FFFFFF',
    casing: '#CBD3DB',
    label: '#536170',
  },
  dark: {
    water: '#122838',
    park: '#16261F',
    street: '#2A333E',
    avenue: '#35404D',
    casing: '#0F1318',
    label: '#A3B0BD',
  },
} as const;

const width = (at13: number, at17: number): never =>
  ['interpolate', ['exponential', 1.6], ['zoom'], 11, at13 / 3, 13, at13, 17, at17] as never;

const wide = ['in', ['get', 'class'], ['literal', ['avenue', 'ring']]] as never;
const narrow = ['!', wide] as never;

/** The whole style. Names are in the page's language where the city has them (`name_<language>`). */
export function cityStyle(scheme: Scheme): StyleSpecification {
  const ground = surfaces[scheme];
  const shape = shapes[scheme];
  const font = ['Inter Variable', 'Vazirmatn Variable'];
  const label = { 'text-color': shape.label, 'text-halo-color': ground.land, 'text-halo-width': 1.5 };
  const line = (id: string, filter: never, colour: string, lineWidth: number) => ({
    id,
    type: 'line' as const,
    source: 'streets',
    filter,
    layout: { 'line-cap': 'round' as const, 'line-join': 'round' as const },
    paint: { 'line-color': colour, 'line-width': lineWidth },
  });
  const area = (kind: string, colour: string) => ({
    id: kind,
    type: 'fill' as const,
    source: 'areas',
    filter: ['==', ['get', 'kind'], kind] as never,
    paint: { 'fill-color': colour },
  });
  return {
    version: 8,
    name: `Wassally ${scheme}`,
    sources: {
      areas: { type: 'geojson', data: '/map/areas.geojson' },
      streets: { type: 'geojson', data: '/map/streets.geojson' },
    },
    layers: [
      { id: 'ground', type: 'background', paint: { 'background-color': ground.page } },
      area('land', ground.land),
      area('park', shape.park),
      area('water', shape.water),
      line('street-casing', narrow, shape.casing, width(2, 15)),
      line('avenue-casing', wide, shape.casing, width(4, 26)),
      line('street', narrow, shape.street, width(1.2, 12)),
      line('avenue', wide, shape.avenue, width(2.8, 22)),
      {
        id: 'street-name',
        type: 'symbol',
        source: 'streets',
        minzoom: 14.5,
        layout: { 'symbol-placement': 'line', 'text-field': ['get', 'name'], 'text-font': font, 'text-size': 12 },
        paint: label,
      },
      {
        id: 'district-name',
        type: 'symbol',
        source: 'areas',
        filter: ['in', ['get', 'kind'], ['literal', ['district', 'park']]],
        maxzoom: 16,
        layout: { 'text-field': ['get', 'name'], 'text-font': font, 'text-size': 13, 'text-letter-spacing': 0.02 },
        paint: label,
      },
    ],
  };
}

/** The style with its names in a language and its addresses absolute, as the map's worker needs them. */
export function localise(style: StyleSpecification, language: string, origin: string): StyleSpecification {
  const sources = Object.fromEntries(
    Object.entries(style.sources).map(([name, source]) =>
      'data' in source && typeof source.data === 'string' && source.data.startsWith('/')
        ? [name, { ...source, data: origin + source.data }]
        : [name, source],
    ),
  );
  const text = ['coalesce', ['get', `name_${language}`], ['get', 'name']];
  const layers = style.layers.map((layer) =>
    layer.type === 'symbol' ? { ...layer, layout: { ...layer.layout, 'text-field': text as never } } : layer,
  );
  return { ...style, sources, layers };
}
