import type { Attributes, Counter, Histogram, Meter, ObservableResult } from '@opentelemetry/api';
import {
  type CounterName,
  factsOf,
  type HistogramName,
  type LabelsOf,
  METRIC_NAMES,
  type MetricName,
  type ObservedName,
} from './catalog.ts';

/** Gives one value of an observed metric. */
export type Observe<N extends ObservedName> = (value: number, labels: LabelsOf<N>) => void;

/** The catalogue's metrics on an OpenTelemetry meter: only what is declared there can be told, with its labels only. */
export class Instruments {
  readonly #counters = new Map<MetricName, Counter>();
  readonly #histograms = new Map<MetricName, Histogram>();
  readonly #observers = new Map<MetricName, Set<(result: ObservableResult) => void>>();

  constructor(meter: Meter) {
    for (const name of METRIC_NAMES) this.#register(meter, name);
  }

  /** @param value at least 0; 0 makes a series visible before anything has happened. */
  add<N extends CounterName>(name: N, value: number, labels: LabelsOf<N>): void {
    this.#counters.get(name)?.add(value, labels as Attributes);
  }

  record<N extends HistogramName>(name: N, value: number, labels: LabelsOf<N>): void {
    this.#histograms.get(name)?.record(value, labels as Attributes);
  }

  /** Asks `look` whenever the metric is read. */
  observe<N extends ObservedName>(name: N, look: (observe: Observe<N>) => void): void {
    this.#observers
      .get(name)
      ?.add((result) => look((value, labels) => result.observe(value, labels as Attributes)));
  }

  #register(meter: Meter, name: MetricName): void {
    const { kind, unit, about, buckets, observed } = factsOf(name);
    const options = { unit, description: about };
    if (observed === true) {
      const observers = new Set<(result: ObservableResult) => void>();
      this.#observers.set(name, observers);
      const instrument =
        kind === 'counter'
          ? meter.createObservableCounter(name, options)
          : meter.createObservableGauge(name, options);
      instrument.addCallback((result) => {
        for (const look of observers) look(result);
      });
    } else if (kind === 'counter') {
      this.#counters.set(name, meter.createCounter(name, options));
    } else {
      const advice = buckets === undefined ? {} : { advice: { explicitBucketBoundaries: [...buckets] } };
      this.#histograms.set(name, meter.createHistogram(name, { ...options, ...advice }));
    }
  }
}
