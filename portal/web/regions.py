"""The regions offered for a new cloud: those every account has from the start. Others work over REST."""

REGIONS = (
    ("us-east-1", "N. Virginia"),
    ("us-east-2", "Ohio"),
    ("us-west-1", "N. California"),
    ("us-west-2", "Oregon"),
    ("ca-central-1", "Canada"),
    ("sa-east-1", "São Paulo"),
    ("eu-central-1", "Frankfurt"),
    ("eu-west-1", "Ireland"),
    ("eu-west-2", "London"),
    ("eu-west-3", "Paris"),
    ("eu-north-1", "Stockholm"),
    ("ap-south-1", "Mumbai"),
    ("ap-southeast-1", "Singapore"),
    ("ap-southeast-2", "Sydney"),
    ("ap-northeast-1", "Tokyo"),
    ("ap-northeast-2", "Seoul"),
    ("ap-northeast-3", "Osaka"),
)

# A choice of Google Cloud's regions; others work over REST.
GCP_REGIONS = (
    ("us-central1", "Iowa"),
    ("us-east1", "South Carolina"),
    ("us-east4", "N. Virginia"),
    ("us-west1", "Oregon"),
    ("us-west2", "Los Angeles"),
    ("northamerica-northeast1", "Montréal"),
    ("southamerica-east1", "São Paulo"),
    ("europe-west1", "Belgium"),
    ("europe-west2", "London"),
    ("europe-west3", "Frankfurt"),
    ("europe-west4", "Netherlands"),
    ("europe-west9", "Paris"),
    ("europe-north1", "Finland"),
    ("asia-south1", "Mumbai"),
    ("asia-southeast1", "Singapore"),
    ("asia-east1", "Taiwan"),
    ("asia-northeast1", "Tokyo"),
    ("asia-northeast3", "Seoul"),
    ("australia-southeast1", "Sydney"),
)
