"""The farm's service, the only writer of state: `farm_service.FarmService`, and the parts that it is made of."""
