//! Names and addresses.
#![cfg(feature = "net")]

mod support;

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use fastwake::net::{ToSocketAddrs, lookup_host};
use support::net::{on_each_flavor, park_on};

async fn all(host: impl ToSocketAddrs) -> Vec<SocketAddr> {
    lookup_host(host).await.unwrap().collect()
}

/// So that it can be awaited without any runtime.
#[test]
fn numbers_need_no_thread() {
    park_on(async {
        let v4 = SocketAddr::from((Ipv4Addr::new(1, 2, 3, 4), 56));
        let v6 = SocketAddr::from((Ipv6Addr::LOCALHOST, 78));
        assert_eq!(all(v4).await, [v4]);
        assert_eq!(all(&v4).await, [v4]);
        assert_eq!(
            all(SocketAddrV4::new(Ipv4Addr::new(1, 2, 3, 4), 56)).await,
            [v4]
        );
        assert_eq!(
            all(SocketAddrV6::new(Ipv6Addr::LOCALHOST, 78, 0, 0)).await,
            [v6]
        );
        assert_eq!(all((IpAddr::from([1, 2, 3, 4]), 56)).await, [v4]);
        assert_eq!(all((Ipv4Addr::new(1, 2, 3, 4), 56)).await, [v4]);
        assert_eq!(all((Ipv6Addr::LOCALHOST, 78)).await, [v6]);
        assert_eq!(all(&[v4, v6][..]).await, [v4, v6]);
        assert_eq!(all("1.2.3.4:56").await, [v4]);
        assert_eq!(all("[::1]:78".to_owned()).await, [v6]);
        assert_eq!(all(&"[::1]:78".to_owned()).await, [v6]);
        assert_eq!(all(("1.2.3.4", 56)).await, [v4]);
        assert_eq!(all(("::1".to_owned(), 78)).await, [v6]);
        assert_eq!(all(&[][..]).await, []);
    });
}

#[test]
fn names_are_looked_up() {
    on_each_flavor(|| async {
        for addresses in [
            all("localhost:80").await,
            all("localhost:80".to_owned()).await,
            all(("localhost", 80)).await,
            all(("localhost".to_owned(), 80)).await,
        ] {
            assert!(!addresses.is_empty());
            for address in addresses {
                assert!(
                    address.ip().is_loopback() && address.port() == 80,
                    "{address}"
                );
            }
        }
    });
}

#[test]
fn what_is_no_address_is_an_error() {
    on_each_flavor(|| async {
        for text in [
            "",
            "localhost",
            "127.0.0.1",
            "localhost:70000",
            "localhost:http",
        ] {
            let Err(error) = lookup_host(text).await else {
                panic!("{text:?} has been taken for an address");
            };
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{text:?}");
        }
        // A name that the system refuses without asking anybody.
        assert!(lookup_host(("a host", 80)).await.is_err());
    });
}
