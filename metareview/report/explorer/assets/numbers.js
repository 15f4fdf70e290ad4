/* ---- numbers as text: the digits a number prints with, rounded half up, as in the tables of the report ---- */
const fixed = (value, digits, shift = 0) => {
  const [mantissa, power] = Math.abs(value).toExponential().split("e");
  const figures = mantissa.replace(".", "");
  const scale = Number(power) - figures.length + 1 + digits + shift;
  let whole = BigInt(figures);
  if (scale >= 0) whole *= 10n ** BigInt(scale);
  else whole = (2n * whole + 10n ** BigInt(-scale)) / (2n * 10n ** BigInt(-scale));
  const text = whole.toString().padStart(digits + 1, "0");
  const shown = digits ? text.slice(0, -digits) + "." + text.slice(-digits) : text;
  return (value < 0 && whole ? "-" : "") + shown;
};
const shown = (value, digits) => fixed(value, digits).replace("-", "\u2212");
const ordinal = (place) => Number.isInteger(place.low) && place.low === place.high ? String(place.low) : place.low + "\u2013" + place.high;
const plural = (n, one, many = one + "s") => n + " " + (n === 1 ? one : many);
const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
