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
/* the mean of decimal numbers, worked out exactly and rounded once, as Python's fractions do */
const decimal = (value) => {
  const [mantissa, power] = value.toExponential().split("e"),
    figures = mantissa.replace(".", "");
  const scale = Number(power) - figures.replace("-", "").length + 1;
  return scale >= 0 ? [BigInt(figures) * 10n ** BigInt(scale), 1n] : [BigInt(figures), 10n ** BigInt(-scale)];
};
const exactMean = (parts) => {
  const [top, bottom] = parts.reduce(([a, b], [c, d]) => [a * d + c * b, b * d], [0n, 1n]);
  return [top, bottom * BigInt(parts.length)];
};
const toNumber = ([top, bottom]) => {
  const digits = 25 + bottom.toString().length - top.toString().length,
    power = BigInt(Math.max(0, digits));
  return Number(((top * 10n ** power) / bottom).toString() + "e-" + power);
};
const plural = (n, one, many = one + "s") => n + " " + (n === 1 ? one : many);
const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
