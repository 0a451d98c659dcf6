declare module 'asciichart' {
  export interface PlotOptions {
    min?: number;
    max?: number;
    /** How many rows the range spans; one more is drawn. */
    height?: number;
    /** The column after the axis, counting a label as one. */
    offset?: number;
    format?: (value: number) => string;
    /** First value, axis, line end, line start, level, down to, up to, down from, up from, upright. */
    symbols?: string[];
  }

  const asciichart: { plot(series: number[] | number[][], options?: PlotOptions): string };
  export default asciichart;
}
