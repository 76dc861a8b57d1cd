//! Small pictures of images, decoded here and encoded anew: no byte of the wire gets near a browser's decoder.

use std::io::Cursor;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::{DynamicImage, ImageFormat, ImageReader, Limits as ImageLimits};

use super::Limits;

/// Edges of a picture.
const WIDTH: u32 = 240;
const HEIGHT: u32 = 180;
/// Smaller images are shown as they are, without loss.
const SMALL: u32 = 64;

/// A picture of an image.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Picture {
    /// A `data:` address.
    pub(super) source: String,
    /// Of the image.
    pub(super) width: u32,
    pub(super) height: u32,
    /// What it is, by its first bytes.
    pub(super) format: &'static str,
}

/// The format by the first bytes: whatever a message says, nothing else is decoded.
fn format(content: &[u8]) -> Option<(ImageFormat, &'static str)> {
    match content {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some((ImageFormat::Png, "PNG")),
        [0xff, 0xd8, 0xff, ..] => Some((ImageFormat::Jpeg, "JPEG")),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some((ImageFormat::Gif, "GIF")),
        _ => None,
    }
}

/// What all pictures of a report may still take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    /// Bytes in the report.
    pub(super) bytes: usize,
    /// Picture elements that are decoded.
    pub(super) elements: u64,
}

impl Room {
    pub(super) const fn new(limits: &Limits) -> Self {
        Self { bytes: limits.all_pictures, elements: limits.all_picture_elements }
    }
}

/// A picture of `content`, or why there is none.
pub(super) fn of(content: &[u8], limits: &Limits, room: &mut Room) -> Result<Picture, &'static str> {
    // Decoders are somebody else's code: what one of them trips over costs a picture, not the report.
    let picture = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| decode(content, limits, room)));
    let picture = picture.unwrap_or(Err("it is damaged"))?;
    room.bytes = room.bytes.saturating_sub(picture.source.len());
    Ok(picture)
}

fn decode(content: &[u8], limits: &Limits, room: &mut Room) -> Result<Picture, &'static str> {
    let (format, name) = format(content).ok_or("its content is no PNG, JPEG or GIF")?;
    let sizes = ImageReader::with_format(Cursor::new(content), format).into_dimensions();
    let (width, height) = sizes.map_err(|_| "it is damaged")?;
    let elements = u64::from(width).saturating_mul(height.into());
    if elements > limits.picture_elements {
        return Err("it has too many picture elements");
    }
    if room.bytes == 0 || elements > room.elements {
        return Err("the report has no room for more pictures");
    }
    room.elements -= elements;
    let mut reader = ImageReader::with_format(Cursor::new(content), format);
    let mut bounds = ImageLimits::default();
    bounds.max_alloc = Some(limits.picture_elements.saturating_mul(8));
    reader.limits(bounds);
    let image = reader.decode().map_err(|_| "it is damaged")?;
    let small = if width > WIDTH || height > HEIGHT { image.thumbnail(WIDTH, HEIGHT) } else { image };
    let (kind, bytes) = encoded(&small).ok_or("it cannot be encoded")?;
    let mut source = format!("data:image/{kind};base64,");
    STANDARD.encode_string(bytes, &mut source);
    Ok(Picture { source, width, height, format: name })
}

/// PNG where it matters, JPEG where it is smaller.
fn encoded(image: &DynamicImage) -> Option<(&'static str, Vec<u8>)> {
    let mut out = Cursor::new(Vec::new());
    let is_small = image.width() <= SMALL && image.height() <= SMALL;
    if is_small || image.color().has_alpha() {
        image.to_rgba8().write_to(&mut out, ImageFormat::Png).ok()?;
        Some(("png", out.into_inner()))
    } else {
        image.to_rgb8().write_to(&mut out, ImageFormat::Jpeg).ok()?;
        Some(("jpeg", out.into_inner()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let image = image::RgbImage::from_fn(width, height, |x, y| {
            image::Rgb([x.to_le_bytes()[0], y.to_le_bytes()[0], 90])
        });
        let mut out = Cursor::new(Vec::new());
        image.write_to(&mut out, format).unwrap();
        out.into_inner()
    }

    fn room() -> Room {
        Room::new(&Limits::default())
    }

    #[test]
    fn there_is_room_for_so_many() {
        let content = image(100, 100, ImageFormat::Png);
        let limits = Limits { all_picture_elements: 25_000, ..Limits::default() };
        let mut room = Room::new(&limits);
        let found: Vec<_> = (0..3).map(|_| of(&content, &limits, &mut room).map(|_| ())).collect();
        assert_eq!(found, [Ok(()), Ok(()), Err("the report has no room for more pictures")]);
        let limits = Limits { all_pictures: 100, ..Limits::default() };
        let mut room = Room::new(&limits);
        let found: Vec<_> = (0..2).map(|_| of(&content, &limits, &mut room).map(|_| ())).collect();
        assert_eq!(found, [Ok(()), Err("the report has no room for more pictures")]);
    }

    #[test]
    fn pictures_are_small_and_of_our_own_making() {
        for (format, name, kind) in [
            (ImageFormat::Png, "PNG", "jpeg"),
            (ImageFormat::Jpeg, "JPEG", "jpeg"),
            (ImageFormat::Gif, "GIF", "png"),
        ] {
            let content = image(800, 300, format);
            let picture = of(&content, &Limits::default(), &mut room()).unwrap();
            assert_eq!((picture.width, picture.height, picture.format), (800, 300, name));
            let head = format!("data:image/{kind};base64,");
            let bytes = STANDARD.decode(picture.source.strip_prefix(&head).unwrap()).unwrap();
            let small = image::load_from_memory(&bytes).unwrap();
            assert_eq!((small.width(), small.height()), (240, 90));
        }
    }

    #[test]
    fn what_has_no_picture() {
        let limits = Limits { picture_elements: 10_000, ..Limits::default() };
        let png = image(100, 101, ImageFormat::Png);
        let cases: [(&[u8], &str); 6] = [
            (&png, "it has too many picture elements"),
            (png.get(..60).unwrap(), "it has too many picture elements"),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "its content is no PNG, JPEG or GIF"),
            (b"GIF89a", "it is damaged"),
            (b"\xff\xd8\xff\xe0", "it is damaged"),
            (b"", "its content is no PNG, JPEG or GIF"),
        ];
        for (content, why) in cases {
            assert_eq!(of(content, &limits, &mut room()).unwrap_err(), why);
        }
        let png = image(90, 90, ImageFormat::Png);
        assert_eq!(of(png.get(..60).unwrap(), &limits, &mut room()).unwrap_err(), "it is damaged");
    }
}
