pub mod county;
