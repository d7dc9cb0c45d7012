pub mod wire {
    tonic::include_proto!("yuqiao.v1");
}
