//! Links the addon against the host's Node-API.

fn main() {
    napi_build::setup();
}
