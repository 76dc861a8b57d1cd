//! The values of a column that wait to be written, with the levels that say where there are none.

use ::parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int64Type};
use ::parquet::errors::ParquetError;
use ::parquet::file::writer::SerializedColumnWriter;

use super::super::cells::{Cell, Kind};
use crate::record::Time;

/// What is kept of a value beside its bytes.
const VALUE: usize = 48;

/// The values of a column.
#[derive(Debug)]
pub(super) struct Values {
    data: Data,
    /// 0: no value; 1: a value; in a list 2: an element.
    definition: Vec<i16>,
    /// 1: an element that is not the first; lists only.
    repetition: Vec<i16>,
}

#[derive(Debug)]
enum Data {
    Bools(Vec<bool>),
    Numbers(Vec<i64>),
    Texts(Vec<ByteArray>),
    Lists(Vec<ByteArray>),
}

impl Values {
    pub(super) const fn new(kind: Kind) -> Self {
        let data = match kind {
            Kind::Bool => Data::Bools(Vec::new()),
            Kind::Number | Kind::Signed | Kind::Time => Data::Numbers(Vec::new()),
            Kind::Text => Data::Texts(Vec::new()),
            Kind::List => Data::Lists(Vec::new()),
        };
        Self { data, definition: Vec::new(), repetition: Vec::new() }
    }

    /// Adds a value; how much memory it takes.
    pub(super) fn push(&mut self, cell: Cell<'_>) -> usize {
        if let Data::Lists(elements) = &mut self.data {
            let texts = match cell {
                Cell::List(texts) => texts,
                _ => Vec::new(),
            };
            if texts.is_empty() {
                self.definition.push(0);
                self.repetition.push(0);
            }
            let mut taken = VALUE;
            for (place, text) in texts.into_iter().enumerate() {
                taken += VALUE + text.len();
                self.definition.push(2);
                self.repetition.push(i16::from(place > 0));
                elements.push(ByteArray::from(text.into_bytes()));
            }
            return taken;
        }
        let mut taken = VALUE;
        let is_value = match (&mut self.data, cell) {
            (Data::Bools(values), Cell::Bool(value)) => push(values, Some(value)),
            // The logical type says that the highest bit is no sign.
            (Data::Numbers(values), Cell::Number(number)) => push(values, Some(number.cast_signed())),
            (Data::Numbers(values), Cell::Signed(number)) => push(values, Some(number)),
            (Data::Numbers(values), Cell::Time(time)) => push(values, nanoseconds(time)),
            (Data::Texts(values), Cell::Text(text)) => {
                taken += text.len();
                push(values, Some(ByteArray::from(text.as_bytes().to_vec())))
            }
            (Data::Texts(values), Cell::Owned(text)) => {
                taken += text.len();
                push(values, Some(ByteArray::from(text.into_bytes())))
            }
            _ => false,
        };
        self.definition.push(i16::from(is_value));
        taken
    }

    /// Writes and forgets them.
    pub(super) fn write(&mut self, column: &mut SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        let levels = Some(self.definition.as_slice());
        match &mut self.data {
            Data::Bools(values) => {
                column.typed::<BoolType>().write_batch(values, levels, None)?;
                values.clear();
            }
            Data::Numbers(values) => {
                column.typed::<Int64Type>().write_batch(values, levels, None)?;
                values.clear();
            }
            Data::Texts(values) => {
                column.typed::<ByteArrayType>().write_batch(values, levels, None)?;
                values.clear();
            }
            Data::Lists(values) => {
                column.typed::<ByteArrayType>().write_batch(values, levels, Some(&self.repetition))?;
                values.clear();
            }
        }
        self.definition.clear();
        self.repetition.clear();
        Ok(())
    }
}

/// Whether there was a value.
fn push<T>(values: &mut Vec<T>, value: Option<T>) -> bool {
    let is_value = value.is_some();
    values.extend(value);
    is_value
}

/// Since 1970, where 64 bits hold it.
fn nanoseconds(time: Time) -> Option<i64> {
    i64::try_from(time.at().as_nanos()).ok()
}
