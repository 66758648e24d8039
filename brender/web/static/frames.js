// The newest frame, large, and those before it.
//
// How does this work?  A picture is decoded before it is shown, so that nothing flickers.  While one is on its way only
// the newest of those that come meanwhile is remembered.  A picture that makes room moves into the strip; it is
// not asked for again.

import { h, say, show } from "./dom.js";
import { told } from "./jobrow.js";
import { here } from "./live.js";

const STRIP = 6;

export function frames({ section, newest, strip, jobs }) {
  const image = h("div", { class: "matte" });
  const name = h("a");
  const about = h("span");
  newest.replaceChildren(image, h("figcaption", {}, name, about));
  let shown = null; // {job, picture, element}
  let loading = false;
  let next = null;

  const load = async (wanted) => {
    if (loading) {
      next = wanted;
      return;
    }
    loading = true;
    const element = new Image();
    element.src = here(`/api/v1/jobs/${wanted.job}/picture?v=${wanted.picture}`);
    try {
      await element.decode();
      put({ ...wanted, element });
    } catch {
      // the frame was replaced by a newer one, or its job is gone: the next event brings another
    }
    loading = false;
    const waiting = next;
    next = null;
    if (waiting) load(waiting);
  };

  const put = (picture) => {
    if (shown && strip && shown.element.isConnected) keep(shown);
    shown = picture;
    image.replaceChildren(picture.element);
    show(section, true);
    caption();
  };

  const keep = (picture) => {
    const title = jobs.get(picture.job)?.name || `Job ${picture.job}`;
    picture.element.alt = `An earlier frame of ${title}`;
    strip.prepend(h("a", { href: here(`/jobs/${picture.job}`), title }, picture.element));
    while (strip.children.length > STRIP) strip.lastElementChild.remove();
  };

  const caption = () => {
    const job = shown && jobs.get(shown.job);
    if (!job) return;
    const title = job.name || `Job ${job.id}`;
    name.href = here(`/jobs/${job.id}`);
    say(name, title);
    say(about, told(job));
    shown.element.alt = `The newest frame of ${title}`;
  };

  // After a load: of the jobs that have pictures, the newest few, the newest last.
  const start = async (list) => {
    const known = list.filter((job) => job.picture > 0).slice(0, STRIP).reverse();
    for (const job of known) {
      if (shown?.job === job.id && shown.picture === job.picture) continue;
      await load({ job: job.id, picture: job.picture });
    }
  };
  return { load, start, caption };
}
