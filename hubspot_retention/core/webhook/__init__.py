"""What HubSpot tells unasked: its events, and how they are known to be its own."""
