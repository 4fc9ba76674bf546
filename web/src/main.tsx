import { render } from "preact";
import { App } from "./app";
import "./theme.css";
import "./app.css";
import "./parts.css";
import "./views/views.css";
import "./views/process.css";
import "uplot/dist/uPlot.min.css";
import "./history/history.css";

const place = document.getElementById("app");
if (place) render(<App />, place);
