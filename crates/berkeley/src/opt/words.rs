//! Texts, and numbers that have names elsewhere: families, types, protocols, errors.

use super::{Codec, Int, Value};
use crate::kind::{Family, Protocol, Type};
use crate::sys::Errno;

/// A text, such as the name of an interface or of an algorithm.
///
/// ```
/// use berkeley::opt::{Codec, Text};
/// assert_eq!(Text::decode(b"cubic\0\0\0"), Some("cubic".to_owned()));
/// ```
#[derive(Debug)]
pub enum Text {}

impl Codec for Text {
    type Value = String;
    type Bytes = Vec<u8>;
    const FORM: &'static str = "text";
    const ROOM: usize = 64;

    fn encode(value: String) -> Vec<u8> {
        value.into_bytes()
    }

    fn decode(bytes: &[u8]) -> Option<String> {
        let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
        Some(String::from_utf8_lossy(text).into_owned())
    }

    fn value(bytes: &[u8]) -> Option<Value> {
        Self::decode(bytes).map(Value::from)
    }

    fn describe(bytes: &[u8]) -> Option<String> {
        Self::decode(bytes).map(|text| if text.is_empty() { "none".to_owned() } else { text })
    }

    fn parse(text: &str) -> Option<Vec<u8>> {
        Some(text.as_bytes().to_vec())
    }
}

/// A pending error; reading it clears it.
///
/// ```
/// use berkeley::{Errno, opt::{Codec, Pending}};
/// assert_eq!(Pending::decode(&[0; 4]), Some(Errno::SUCCESS));
/// ```
#[derive(Debug)]
pub enum Pending {}

/// Declares the codecs of numbers that have a type of their own here.
macro_rules! number_codecs {
    ($($codec:ident => $value:ident, $form:literal;)*) => {
        $(impl Codec for $codec {
            type Value = $value;
            type Bytes = [u8; 4];
            const FORM: &'static str = $form;
            const ROOM: usize = 4;

            fn encode(value: $value) -> [u8; 4] {
                value.number().to_ne_bytes()
            }

            fn decode(bytes: &[u8]) -> Option<$value> {
                Int::decode(bytes).map($value::from)
            }

            fn value(bytes: &[u8]) -> Option<Value> {
                Self::decode(bytes).map(Value::from)
            }

            fn build(value: &Value) -> Option<Vec<u8>> {
                match value {
                    Value::Int(number) => Some(i32::try_from(*number).ok()?.to_ne_bytes().to_vec()),
                    Value::Named(number, _) => Some(i32::try_from(*number).ok()?.to_ne_bytes().to_vec()),
                    Value::Text(name) => $value::from_name(name).map(|named| Self::encode(named).to_vec()),
                    _ => None,
                }
            }

            fn describe(bytes: &[u8]) -> Option<String> {
                Self::decode(bytes).map(|value| value.to_string())
            }
        })*
    };
}

number_codecs! {
    Pending => Errno, "error, cleared by reading";
    FamilyCode => Family, "family";
    TypeCode => Type, "type";
    ProtocolCode => Protocol, "protocol";
}

/// A family.
///
/// ```
/// use berkeley::{Family, opt::{Codec, FamilyCode}};
/// assert_eq!(FamilyCode::decode(&2_i32.to_ne_bytes()), Some(Family::INET));
/// ```
#[derive(Debug)]
pub enum FamilyCode {}

/// A type.
///
/// ```
/// use berkeley::{Type, opt::{Codec, TypeCode}};
/// assert_eq!(TypeCode::decode(&1_i32.to_ne_bytes()), Some(Type::STREAM));
/// ```
#[derive(Debug)]
pub enum TypeCode {}

/// A protocol.
///
/// ```
/// use berkeley::{Protocol, opt::{Codec, ProtocolCode}};
/// assert_eq!(ProtocolCode::decode(&6_i32.to_ne_bytes()), Some(Protocol::TCP));
/// ```
#[derive(Debug)]
pub enum ProtocolCode {}
