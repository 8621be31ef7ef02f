// The picture of a slice. Its bytes are put into its address, which the browser shows at once; a blob,
// as an ipywidgets Image makes one, would go through other processes first.

function address(image) {
  const bytes = new Uint8Array(image.get("value").buffer);
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000)
    text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return `data:image/${image.get("format")};base64,${btoa(text)}`;
}

async function render({ model, el }) {
  const image = await model.widget_manager.get_model(model.get("image").slice("IPY_MODEL_".length));
  const picture = document.createElement("img");
  picture.alt = ""; // the hand over it says which slice it is
  const show = () => { picture.src = address(image); };
  show();
  el.replaceChildren(picture);
  image.on("change:value", show);
  return () => image.off("change:value", show);
}

export default { render };
