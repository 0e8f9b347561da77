// What other people's scripts put on `window`: Dash, React, Plotly and the table component.

/** A `div` that Plotly has drawn in: only the documented parts. */
interface PlotlyGraph extends HTMLElement {
  layout: any;
  data: any[];
  on(event: string, listener: (change: any) => void): void;
}

interface Plotly {
  react(graph: HTMLElement, data: object[], layout: object, config?: object): Promise<unknown>;
  update(graph: HTMLElement, data: object, layout: object, traces?: number[]): Promise<unknown>;
  relayout(graph: HTMLElement, layout: object): Promise<unknown>;
  purge(graph: HTMLElement): void;
  toImage(figure: object, options: object): Promise<string>;
  Icons: Record<string, object>;
}

interface DashClientside {
  no_update: unknown;
  set_props(id: string, props: object): void;
  callback_context: { triggered: { prop_id: string }[] };
  [namespace: string]: any;
}

interface Window {
  dash_clientside: DashClientside;
  DashRenderer: new () => unknown;
  Plotly?: Plotly;
  React: any;
  dash_ag_grid: any;
  dashAgGridComponentFunctions?: Record<string, (props: any) => unknown>;
}
