"""What somebody who follows the events hears: kinds, a filter, which things and which attributes of them."""
